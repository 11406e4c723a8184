/** Prints the last line of a run: `N passed, N failed`. */
import type { Reporter, TestModule } from 'vitest/node'

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    let failed = errors.length
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      passed += tests.filter((test) => test.result().state === 'passed').length
      failed += tests.filter((test) => test.result().state === 'failed').length
      if (module.errors().length > 0) failed += module.errors().length
    }
    process.on('exit', () => {
      console.log(`${String(passed)} passed, ${String(failed)} failed`)
    })
  }
}

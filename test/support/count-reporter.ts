/** Ends a run with `N passed, N failed`, and the tests that were not run because programs are missing. */
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'

import { groups, type Group } from '../programs/groups.ts'

export default class CountReporter implements Reporter {
  readonly #missing: readonly Group[]
  #vitest: Vitest | undefined

  /** @param missing groups whose tests are left out. */
  constructor(missing: readonly Group[]) {
    this.#missing = missing
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state: string) => tests.filter((test) => test.result().state === state)
    // A failed hook belongs to its module or suite, and to no test.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const failedSuites = suites.filter((suite) => suite.errors().length > 0)
    const passed = inState('passed').length
    const failed = errors.length + inState('failed').length + failedSuites.length
    const notRun = reportNotRun(await this.#notRun(modules, inState('skipped')))
    process.on('exit', () => {
      console.log(`${String(passed)} passed, ${String(failed)} failed`)
      if (notRun !== '') console.log(`\n${notRun}`)
    })
  }

  /** All missing groups, unless the run was limited to some files: then only those of these files. */
  async #notRun(
    modules: readonly TestModule[],
    skipped: readonly TestCase[],
  ): Promise<readonly Group[]> {
    const all = await this.#vitest?.globTestSpecifications()
    if (modules.length === 0 || modules.length === all?.length) return this.#missing
    const tags = new Set(skipped.flatMap((test) => test.tags))
    return this.#missing.filter(({ name }) => tags.has(name))
  }
}

/** @param missing groups of which tests were left out. */
export function reportNotRun(missing: readonly Group[]): string {
  if (missing.length === 0) return ''
  const width = Math.max(...groups.map(({ name }) => name.length))
  const rows = missing.map(({ name, subject, programs }) => {
    const commands = programs.map(({ command }) => command).join(', ')
    return `  ${name.padEnd(width)}  ${subject} (missing: ${commands})`
  })
  return ['Not run, as programs are missing:', ...rows, 'To install them: npm run install-programs'].join('\n') // prettier-ignore
}

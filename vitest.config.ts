import { defineConfig } from 'vitest/config'

import { missingGroups, searchPath } from './test/programs/find.ts'
import { groups } from './test/programs/groups.ts'
import { filesNeeding } from './test/programs/not-run.ts'
import { isCi } from './test/programs/when-to-install.ts'
import CountReporter from './test/support/count-reporter.ts'

// In CI nothing is left out: a missing program fails the tests that start it.
const leftOut = isCi() ? [] : missingGroups()

export default defineConfig({
  test: {
    include: ['test/{unit,integration,security,fuzz,e2e,docs,deploy,browser}/**/*.test.ts'],
    exclude: filesNeeding(leftOut),
    tags: groups.map(({ name, subject }) => ({
      name,
      description: subject,
      ...(leftOut.some((group) => group.name === name) ? { skip: true } : {}),
    })),
    setupFiles: ['test/programs/declared.ts'],
    env: { PATH: searchPath() },
    reporters: ['default', new CountReporter(leftOut)],
    // Most of a test is waiting, for a server or a time-out: two files at once, whatever the machine.
    maxWorkers: 2,
    testTimeout: 30_000,
    // A poll ends when it is met; only a busy machine takes long.
    expect: { poll: { timeout: 10_000 } },
    coverage: { include: ['gateway/**'] },
  },
})

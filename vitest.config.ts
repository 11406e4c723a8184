import { defineConfig } from 'vitest/config'

import { searchPath } from './test/programs/find.ts'
import { groupsToLeaveOut, leaveOut } from './test/programs/leave-out.ts'

export default defineConfig({
  test: {
    include: ['test/{unit,integration,security,fuzz,e2e,docs,deploy,browser}/**/*.test.ts'],
    ...leaveOut(groupsToLeaveOut()),
    setupFiles: ['test/programs/declared.ts'],
    env: { PATH: searchPath() },
    // Most of a test is waiting, for a server or a time-out: two files at once, whatever the machine.
    maxWorkers: 2,
    testTimeout: 30_000,
    // A poll ends when it is met; only a busy machine takes long.
    expect: { poll: { timeout: 10_000 } },
    coverage: { include: ['{gateway,conformance}/**'] },
  },
})

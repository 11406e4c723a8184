import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/{unit,integration,security,fuzz,e2e,docs,deploy,browser}/**/*.test.ts'],
    reporters: ['default', './test/support/count-reporter.ts'],
    testTimeout: 30_000,
    // A poll ends when it is met; only a busy machine takes long.
    expect: { poll: { timeout: 10_000 } },
    coverage: { include: ['gateway/**'] },
  },
})

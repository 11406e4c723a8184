/** What is left out of a run because programs are missing. */
import { globSync, readFileSync } from 'node:fs'

import { configDefaults, type TestUserConfig } from 'vitest/config'

import CountReporter from '../support/count-reporter.ts'
import { missingGroups } from './find.ts'
import { groups, type Group } from './groups.ts'
import { isCi } from './when-to-install.ts'

/** In CI nothing is left out: a missing program fails the tests that start it. */
export function groupsToLeaveOut(environment = process.env): readonly Group[] {
  return isCi(environment) ? [] : missingGroups()
}

/** The settings of Vitest that leave out the tests of missing groups, and say so in the end. */
export function leaveOut(missing: readonly Group[]): TestUserConfig {
  const names = missing.map(({ name }) => name)
  return {
    exclude: [...configDefaults.exclude, ...filesNeeding(missing)],
    tags: groups.map(({ name, subject }) => ({
      name,
      description: subject,
      ...(names.includes(name) ? { skip: true } : {}),
    })),
    reporters: ['default', new CountReporter(missing)],
  }
}

const MODULE_TAG = /(?:\/\/|\*)\s*@module-tag\s+([\w-]+)/g

/** Test files that need a missing group as a whole, and would start its programs as they are read. */
export function filesNeeding(missing: readonly Group[]): string[] {
  const names = missing.map(({ name }) => name)
  return globSync('test/**/*.test.ts', { exclude: ['**/node_modules'] }).filter((file) =>
    [...readFileSync(file, 'utf8').matchAll(MODULE_TAG)].some(([, tag = '']) =>
      names.includes(tag),
    ),
  )
}

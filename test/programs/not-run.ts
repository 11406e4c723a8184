/** What is left out of a run because programs are missing, and how that is reported. */
import { globSync, readFileSync } from 'node:fs'

import { groups, type Group } from './groups.ts'

const MODULE_TAG = /(?:\/\/|\*)\s*@module-tag\s+([\w-]+)/g

/** Test files that need a missing group as a whole, and would start its programs as they are read. */
export function filesNeeding(missing: readonly Group[]): string[] {
  const names = missing.map(({ name }) => name)
  return globSync('test/**/*.test.ts').filter((file) =>
    [...readFileSync(file, 'utf8').matchAll(MODULE_TAG)].some(([, tag = '']) =>
      names.includes(tag),
    ),
  )
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

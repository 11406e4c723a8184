/** The threats of test/security/threats.yaml, for the tables of docs/explanation/threat-model.md and the test of it. */
import { readFileSync } from 'node:fs'

import { parse } from 'yaml'
import { z } from 'zod'

const threat = z.strictObject({
  threat: z.string(),
  behaviour: z.string(),
  /** From a file to a text in it: a title, or part of one. */
  pinnedBy: z.array(z.record(z.string(), z.string())).min(1),
})

const schema = z.array(z.strictObject({ name: z.string(), threats: z.array(threat).min(1) }))

export const threatGroups = schema
  .parse(parse(readFileSync('test/security/threats.yaml', 'utf8')))
  .map(({ name, threats }) => ({
    name,
    threats: threats.map(({ pinnedBy, ...row }) => ({
      ...row,
      pinnedBy: pinnedBy.flatMap((pin) => Object.entries(pin)),
    })),
  }))

/** @returns the path of a test file that a row names. */
export function testFileOf(name: string): string {
  return `test/${name}.test.ts`
}

/** What a run of the battery shows, as results.json has it. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { format } from 'prettier'
import { z } from 'zod'

const outcome = z.strictObject({
  /**
   * `same`: the app responds alike, straight and through the gateway. `differs`: both responses are good, and
   * differ. `mended`: the app refuses it straight only. `refused`: the app refuses it in both ways. `unsteady`:
   * chance decides whether the app refuses it. `failed`: the gateway keeps it from the app, or breaks it.
   */
  outcome: z.enum(['same', 'differs', 'mended', 'refused', 'unsteady', 'failed']),
  /** Statuses of the responses. */
  straight: z.array(z.number()).optional(),
  gateway: z.array(z.number()).optional(),
  differences: z.array(z.string()).optional(),
})

const result = z.strictObject({
  name: z.string(),
  language: z.string(),
  sdk: z.string(),
  version: z.string(),
  adapter: z.string(),
  frameworkVersion: z.string().optional(),
  capabilities: z.array(z.string()),
  honest: z.record(z.string(), outcome),
  /** What an out-of-band sync registers. */
  registered: z.strictObject({
    straight: z.string(),
    gateway: z.string(),
    withServeOrigin: z.string().optional(),
  }),
  /** Requests that must not reach the app, by name: those that did. */
  forged: z.strictObject({ sent: z.number(), reached: z.array(z.string()) }),
})

const file = z.strictObject({ date: z.string(), apps: z.array(result) })

export type HonestOutcome = z.infer<typeof outcome>
export type AppResult = z.infer<typeof result>
export type Results = z.infer<typeof file>

const RESULTS = path.join(import.meta.dirname, 'results.json')

export function readResults(): Results {
  return file.parse(JSON.parse(readFileSync(RESULTS, 'utf8')))
}

/** Replaces the apps that ran, and keeps the others. */
export async function writeResults(ran: readonly AppResult[], date: string): Promise<void> {
  const kept = readResults().apps.filter(({ name }) => !ran.some((each) => each.name === name))
  const apps = [...kept, ...ran].sort((a, b) => (a.name < b.name ? -1 : 1))
  writeFileSync(
    RESULTS,
    await format(JSON.stringify({ date, apps }), { parser: 'json', printWidth: 100 }),
  )
}

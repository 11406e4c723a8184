/** The conformance run within a test, and the outcome of each case. */
import type { Outcome, Result } from '../../conformance/case.ts'
import { readPlan, type ConformanceOptions } from '../../conformance/plan.ts'
import { runPlan } from '../../conformance/run-plan.ts'
import { testKey } from './test-gateway.ts'

/** Cases that need an option, or show nothing for a gateway with the default checks. */
export const needsOptions = [
  ...[
    'replayed-sync',
    'app-not-served',
    'call-ids-mismatch',
    'introspection-as-sync',
    'foreign-sync',
  ],
  ...['restricted-spellings', 'durable-forged', 'durable-unsigned', 'outside-reentry'],
]

export interface Conforming {
  /** The reason why nothing could be tested. */
  readonly problem: string | undefined
  readonly results: readonly Result[]
  names(outcome: Outcome): string[]
}

export async function runConformance(
  port: number,
  options: Partial<ConformanceOptions> = {},
  key = testKey,
): Promise<Conforming> {
  const defaults = {
    keyEnv: 'KEY',
    appAddress: [],
    restrictedPath: [],
    only: [],
    maxAge: '5m',
    clockTolerance: '5m',
  }
  const url = `http://127.0.0.1:${String(port)}/api/inngest`
  const plan = readPlan({ url, ...defaults, ...options }, { KEY: key })
  const run = plan.ok ? await runPlan(plan, () => undefined) : plan
  const results = run.ok ? run.results : []
  return {
    problem: run.ok ? undefined : run.problem,
    results,
    names: (outcome) => results.filter((each) => each.outcome === outcome).map(({ name }) => name),
  }
}

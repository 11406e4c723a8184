/** The whole run: a preflight, the cases, and the ways around the gateway. */
import type { RequestCase, Result } from './case.ts'
import { bypassCase, requestCases } from './cases.ts'
import type { Plan, Problem } from './plan.ts'
import { preflight } from './preflight.ts'
import { RequestMaker } from './request-maker.ts'
import { notSent, runBypass, runCase, type Sending } from './run-cases.ts'

export interface Results {
  readonly ok: true
  readonly results: readonly Result[]
}

/** For one response. The gateway responds at once, and an SDK almost at once to a call of an unknown function. */
const TIMEOUT_MS = 5000

/** For the whole run. */
const TOTAL_MS = 120_000

/** @param onResult called for each result as soon as it is known. */
export async function runPlan(
  plan: Plan,
  onResult: (result: Result) => void,
): Promise<Results | Problem> {
  const endsMs = performance.now() + TOTAL_MS
  const make = new RequestMaker({ ...plan, nowSeconds: () => Math.floor(Date.now() / 1000) })
  const { place, from, keyName, optedIn } = plan
  const sending: Sending = {
    place,
    make,
    from,
    optedIn,
    timeoutMs: TIMEOUT_MS,
    leftMs: () => endsMs - performance.now(),
  }
  const problem = await preflight({ ...sending, keyName, nowMs: Date.now })
  if (problem !== undefined) return { ok: false, problem }
  const results: Result[] = []
  const add = (result: Result) => {
    results.push(result)
    onResult(result)
  }
  for (const each of requestCases.filter(plan.isWanted)) {
    const needed = requestCases.find(({ name }) => name === each.needs)
    const before = needed && (results.find(isOf(needed)) ?? (await runCase(needed, sending)))
    const isSent = before === undefined || before.outcome === 'passed'
    add(isSent ? await runCase(each, sending) : notSent(each, `${before.name} must pass first`))
  }
  if (plan.isWanted(bypassCase)) {
    for (const result of await runBypass(plan.appAddresses, sending)) add(result)
  }
  return { ok: true, results }
}

function isOf({ name }: RequestCase): (result: Result) => boolean {
  return (result) => result.name === name
}

/**
 * `conformance`: whether a gateway that runs somewhere keeps out what it has to. It asks for no
 * confirmation, since nothing that it sends makes an app do anything (docs/how-to/conformance.md).
 */
import { jsonReport, listCases, TextReport } from '../../conformance/report.ts'
import { readPlan, warningOf, type ConformanceOptions } from '../../conformance/plan.ts'
import { runPlan } from '../../conformance/run-plan.ts'
import { redactSecrets } from '../redact/redact-secrets.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { printError } from './print.ts'

export type { ConformanceOptions }

/** @returns 0 if nothing failed, 1 if something did, 2 if nothing could be tested. */
export async function conformance(options: ConformanceOptions, env: Environment): Promise<number> {
  const isJson = options.json === true
  if (options.list === true) {
    listCases(console.log)
    return 0
  }
  const plan = readPlan(options, env)
  if (!plan.ok) return giveUp(plan.problem, isJson)
  // A query may be needed to get through what is in front, and hold a token.
  const url = redactSecrets(plan.url.href)
  const warning = warningOf(plan)
  if (warning !== undefined) printError(warning)
  if (!isJson) console.log(url)
  const report = isJson ? undefined : new TextReport(console.log)
  const run = await runPlan(plan, (result) => report?.add(result))
  if (!run.ok) return giveUp(run.problem, isJson)
  if (isJson) console.log(jsonReport(url, run.results))
  report?.end(run.results)
  if (run.results.some(({ outcome }) => outcome === 'failed')) return 1
  // What was not tested must not look as if it had passed.
  return run.results.some(({ outcome }) => outcome === 'passed') ? 0 : 2
}

function giveUp(problem: string, isJson: boolean): number {
  if (isJson) console.log(JSON.stringify({ problem: redactSecrets(problem) }, undefined, 2))
  printError(problem)
  return 2
}

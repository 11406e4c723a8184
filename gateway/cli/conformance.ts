/**
 * `conformance`: tests whether a running gateway refuses what it has to refuse. It needs no confirmation,
 * because nothing that it sends makes an app act (docs/how-to/conformance.md).
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
  // The URL may need a query to pass a proxy in front, and the query may contain a token.
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
  // A run without results must not look like success.
  return run.results.some(({ outcome }) => outcome === 'passed') ? 0 : 2
}

function giveUp(problem: string, isJson: boolean): number {
  if (isJson) console.log(JSON.stringify({ problem: redactSecrets(problem) }, undefined, 2))
  printError(problem)
  return 2
}

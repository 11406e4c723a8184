/** `rollout-report`: reports for each check in report mode whether it can be enforced. */
import { faults } from '../admit/faults.ts'
import { reasons } from '../admit/reasons.ts'
import { didYouMean } from '../config/nearest.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { notations, readQuantity } from '../config/schema/units.ts'
import { defaultThresholds, type Thresholds } from '../rollout/verdict.ts'
import { messageOf, printError, printJson, printText } from './print.ts'
import { readRolloutLog } from './rollout-log.ts'
import { readRolloutStatus } from './rollout-status.ts'
import { judgeRollout, type Rollout } from './rollout-verdict.ts'
import { describeRollout } from './rollout-text.ts'

export interface RolloutOptions {
  /** URL of the ops listener; without it, the log is read from standard input. */
  readonly url?: string
  readonly tokenEnv: string
  readonly since?: string
  readonly minRequests?: string
  readonly minSyncs?: string
  readonly minPeriod?: string
  readonly accept: readonly string[]
  readonly json?: boolean
}

/** @returns 0 if all can be enforced, 1 if one cannot yet, 2 if there is no result. */
export async function rolloutReport(options: RolloutOptions, env: Environment): Promise<number> {
  const isJson = options.json === true
  try {
    const thresholds = readThresholds(options)
    const rollout =
      options.url === undefined
        ? await rolloutOfLog(options, thresholds)
        : await rolloutOfStatus(options, options.url, env, thresholds)
    if (isJson) printJson(rollout)
    else printText(describeRollout(rollout))
    return { safe: 0, not_yet: 1, too_little_traffic: 2 }[rollout.verdict]
  } catch (error) {
    if (isJson) printJson({ problem: messageOf(error) })
    printError(messageOf(error))
    return 2
  }
}

async function rolloutOfLog(options: RolloutOptions, thresholds: Thresholds): Promise<Rollout> {
  if (process.stdin.isTTY) {
    throw new Error('give the log on standard input, or --url of the ops listener')
  }
  const { routes, otherLines, requestsBefore } = await readRolloutLog(
    process.stdin,
    readSince(options.since),
  )
  if (routes.length === 0) {
    throw new Error(
      'no line says which checks are in report mode: give the log from the start of the gateway, or reload it (SIGHUP) to have it log them once more',
    )
  }
  return judgeRollout(routes, thresholds, { source: 'log', otherLines, requestsBefore })
}

async function rolloutOfStatus(
  { since, tokenEnv }: RolloutOptions,
  url: string,
  env: Environment,
  thresholds: Thresholds,
): Promise<Rollout> {
  if (since !== undefined) {
    throw new Error('--since: expected without --url, since a gateway counts from its start')
  }
  const routes = await readRolloutStatus({ url, tokenEnv }, env)
  return judgeRollout(routes, thresholds, { source: 'status' })
}

function readThresholds(options: RolloutOptions): Thresholds {
  const { minRequests, minSyncs } = defaultThresholds
  return {
    minRequests: readCount('--min-requests', options.minRequests, 1, minRequests),
    minSyncs: readCount('--min-syncs', options.minSyncs, 0, minSyncs),
    minPeriodMs: readPeriod(options.minPeriod),
    accepted: new Set(options.accept.map(readReason)),
  }
}

function readCount(
  option: string,
  written: string | undefined,
  least: number,
  fallback: number,
): number {
  if (written === undefined) return fallback
  const value = /^\d{1,9}$/.test(written) ? Number(written) : -1
  if (value >= least) return value
  throw new Error(
    `${option}: expected a whole number of at least ${String(least)}, found ${JSON.stringify(written)}`,
  )
}

function readPeriod(written: string | undefined): number {
  if (written === undefined) return defaultThresholds.minPeriodMs
  const bounds = { minimum: '0s', maximum: '365d', fallback: '1d' }
  const reading = readQuantity(written, notations.Ms, bounds)
  if (reading.ok) return reading.value
  throw new Error(`--min-period: expected ${reading.expected}, found ${JSON.stringify(written)}`)
}

/** RFC 3339, as in the log; the seconds and their fraction may be omitted. */
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/

function readSince(written: string | undefined): number {
  if (written === undefined) return 0
  const timeMs = TIME.test(written) ? Date.parse(written) : Number.NaN
  if (!Number.isNaN(timeMs)) return timeMs
  throw new Error(
    `--since: expected a time such as 2026-11-29T08:00:00Z, found ${JSON.stringify(written)}`,
  )
}

function readReason(written: string): string {
  if (Object.hasOwn(reasons, written) || Object.hasOwn(faults, written)) return written
  const meant = didYouMean(written, Object.keys(reasons))
  throw new Error(
    `--accept: expected a reason (docs/reference/reasons.md), found ${JSON.stringify(written)}${meant}`,
  )
}

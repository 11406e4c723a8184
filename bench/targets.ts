/** What the project requires of itself, what it aims at, and whether a run shows it. */
import { phases } from './latency-phases.ts'
import type { CellResult, Row } from './run-cell.ts'

export interface TargetResult {
  readonly what: string
  readonly measured: number
  /** At most this much. */
  readonly required: number
  readonly aim: number | undefined
  readonly verdict: 'aim met' | 'met' | 'not met'
}

interface Target {
  readonly cell: string
  readonly against: string
  readonly required: number
  readonly aim?: number
}

const SMALL = '2k-canonical-keepalive-64'
const SMALL_CLOSE = '2k-canonical-close-64'
const MEDIUM = '64k-canonical-keepalive-64'
const MEDIUM_SPACED = '64k-spaced-keepalive-64'
const LARGE = '1m-canonical-keepalive-8'
const LARGEST = '4m-canonical-keepalive-4'

/** CPU of the gateway for a request, divided by that of `against`. */
export const cpuTargets: readonly Target[] = [
  { cell: SMALL, against: 'before-wire', required: 0.72, aim: 0.62 },
  { cell: SMALL, against: 'go-raw', required: 1 },
  { cell: SMALL, against: 'bare', required: 0.9 },
  { cell: SMALL_CLOSE, against: 'before-wire', required: 0.75, aim: 0.65 },
  { cell: SMALL_CLOSE, against: 'go-raw', required: 1.2 },
  { cell: SMALL_CLOSE, against: 'bare', required: 0.75 },
  { cell: MEDIUM, against: 'before-wire', required: 0.68, aim: 0.6 },
  { cell: MEDIUM, against: 'go-raw', required: 0.55 },
  { cell: MEDIUM, against: 'bare', required: 1.1 },
  { cell: LARGE, against: 'before-wire', required: 0.9, aim: 0.8 },
  { cell: LARGE, against: 'go-raw', required: 0.6 },
  { cell: LARGE, against: 'bare', required: 1.4 },
  { cell: MEDIUM_SPACED, against: 'before-wire', required: 0.85, aim: 0.7 },
  { cell: MEDIUM_SPACED, against: 'go-jcs', required: 0.25 },
  { cell: SMALL, against: 'naive', required: 0.35 },
  { cell: SMALL, against: 'go-jcs', required: 1 },
  { cell: MEDIUM, against: 'go-jcs', required: 0.2 },
  { cell: LARGE, against: 'go-jcs', required: 0.2 },
  { cell: LARGEST, against: 'go-jcs', required: 0.2 },
]

/** Resident memory of the gateway after the rounds of a cell, divided by that of `against`. */
const rssTargets: readonly Target[] = [
  { cell: SMALL, against: 'before-wire', required: 0.7, aim: 0.5 },
]

/** CPU at 4 MB, divided by that of the bare proxy and one HMAC pass together. */
const LARGEST_REQUIRED = 1.5

/** @returns one result for each target whose cell and candidates this run has measured. */
export function judge(results: readonly CellResult[]): TargetResult[] {
  const pass = results.find(({ cell }) => cell.name === LARGEST)?.hmacPassMicros?.median
  const barePass = sum(pass, cpuOf(rowOf(results, LARGEST, 'bare')))
  const largest = ratio(cpuOf(rowOf(results, LARGEST, 'gateway')), barePass)
  return [
    ...cpuTargets.map((target) => judgeRatio(results, 'CPU', target, cpuOf)),
    result(`CPU, ${LARGEST}: gateway ÷ (bare + one HMAC pass)`, largest, LARGEST_REQUIRED),
    ...rssTargets.map((target) => judgeRatio(results, 'RSS', target, rssOf)),
  ].filter((one) => one !== undefined)
}

/** Median over the rounds of the 99th percentile of small requests, by name of the phase. */
export interface LatencyRow {
  readonly candidate: string
  readonly p99Ms: ReadonlyMap<string, number>
}

/** @returns one result for each phase that has a target and was measured. */
export function judgeLatency(rows: readonly LatencyRow[]): TargetResult[] {
  const p99 = (name: string, phase: string) =>
    rows.find(({ candidate }) => candidate === name)?.p99Ms.get(phase)
  return phases
    .map(({ name, target }) => {
      if (target === undefined) return undefined
      const measured = ratio(p99('gateway', name), p99(target.against, name))
      return result(`p99, ${name}: gateway ÷ ${target.against}`, measured, target.required)
    })
    .filter((one) => one !== undefined)
}

/** What the gateway holds after a number of requests, in bytes. */
export interface Memory {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
}

const growthTargets = [
  { name: 'RSS', part: 'rss', required: 1.05 },
  { name: 'heap used', part: 'heapUsed', required: 1.1 },
  { name: 'external', part: 'external', required: 1.1 },
] as const

/** @param first after a hundred thousand requests. @param last after a million. */
export function judgeGrowth(first: Memory, last: Memory): TargetResult[] {
  return growthTargets
    .map(({ name, part, required }) =>
      result(`${name}: last ÷ first`, ratio(last[part], first[part]), required),
    )
    .filter((one) => one !== undefined)
}

/** What a start costs until it is ready, and what the process then holds. */
export interface StartCost {
  readonly cpuMs: number
  readonly rss: number
}

/** @param before the source of before-wire. */
export function judgeStart(
  own: StartCost | undefined,
  before: StartCost | undefined,
): TargetResult[] {
  return [
    result(
      'CPU from start to ready: gateway ÷ before-wire',
      ratio(own?.cpuMs, before?.cpuMs),
      0.35,
    ),
    result('RSS idle: gateway ÷ before-wire', ratio(own?.rss, before?.rss), 0.6),
    result('CPU from start to ready, ms', own?.cpuMs, 300),
  ].filter((one) => one !== undefined)
}

function judgeRatio(
  results: readonly CellResult[],
  quantity: string,
  { cell, against, required, aim }: Target,
  valueOf: (row: Row | undefined) => number | undefined,
): TargetResult | undefined {
  const [own, other] = [rowOf(results, cell, 'gateway'), rowOf(results, cell, against)]
  const measured = ratio(valueOf(own), valueOf(other))
  return result(`${quantity}, ${cell}: gateway ÷ ${against}`, measured, required, aim)
}

function result(
  what: string,
  measured: number | undefined,
  required: number,
  aim?: number,
): TargetResult | undefined {
  if (measured === undefined) return undefined
  const isAimMet = aim !== undefined && measured <= aim
  const verdict = isAimMet ? 'aim met' : measured <= required ? 'met' : 'not met'
  return { what, measured, required, aim, verdict }
}

function rowOf(
  results: readonly CellResult[],
  cellName: string,
  candidate: string,
): Row | undefined {
  const found = results.find(({ cell }) => cell.name === cellName)
  return found?.rows.find((row) => row.candidate === candidate)
}

function cpuOf(row: Row | undefined): number | undefined {
  return row?.summary.cpuMicros?.median
}

function rssOf(row: Row | undefined): number | undefined {
  return row?.summary.rssMegabytes?.median
}

function ratio(over: number | undefined, under: number | undefined): number | undefined {
  return over === undefined || under === undefined ? undefined : over / under
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

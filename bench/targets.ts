/** What the project wants of itself, and whether a run shows it. */
import type { CellResult } from './run-cell.ts'

export interface TargetResult {
  readonly what: string
  readonly measured: number
  readonly atMost: number
  readonly isMet: boolean
}

interface Target {
  readonly cell: string
  readonly against: string
  readonly atMost: number
}

/** CPU of the gateway for a request, divided by that of `against`. */
const RATIOS: readonly Target[] = [
  { cell: '2k-canonical-keepalive-64', against: 'bare', atMost: 0.9 },
  { cell: '2k-canonical-keepalive-64', against: 'naive', atMost: 0.35 },
  { cell: '2k-canonical-keepalive-64', against: 'go-jcs', atMost: 1 },
  { cell: '2k-canonical-close-64', against: 'bare', atMost: 1.1 },
  { cell: '64k-canonical-keepalive-64', against: 'bare', atMost: 1.15 },
  { cell: '1m-canonical-keepalive-8', against: 'bare', atMost: 1.45 },
  { cell: '64k-canonical-keepalive-64', against: 'go-jcs', atMost: 0.2 },
  { cell: '1m-canonical-keepalive-8', against: 'go-jcs', atMost: 0.2 },
  { cell: '4m-canonical-keepalive-4', against: 'go-jcs', atMost: 0.2 },
]

const LARGEST = '4m-canonical-keepalive-4'
const LARGEST_AT_MOST = 1.5

/** @returns a line for each target that this run can say something about. */
export function judge(results: readonly CellResult[]): TargetResult[] {
  const lines = RATIOS.map(({ cell, against, atMost }) => {
    const measured = ratio(cpuOf(results, cell, 'gateway'), cpuOf(results, cell, against))
    return line(`${cell}: gateway ÷ ${against}`, measured, atMost)
  })
  const pass = results.find(({ cell }) => cell.name === LARGEST)?.hmacPassMicros?.median
  const bare = cpuOf(results, LARGEST, 'bare')
  const measured = ratio(cpuOf(results, LARGEST, 'gateway'), sum(pass, bare))
  lines.push(line(`${LARGEST}: gateway ÷ (bare + one HMAC pass)`, measured, LARGEST_AT_MOST))
  return lines.filter((result) => result !== undefined)
}

function line(
  what: string,
  measured: number | undefined,
  atMost: number,
): TargetResult | undefined {
  return measured === undefined ? undefined : { what, measured, atMost, isMet: measured <= atMost }
}

function cpuOf(
  results: readonly CellResult[],
  cellName: string,
  candidate: string,
): number | undefined {
  const result = results.find(({ cell }) => cell.name === cellName)
  return result?.rows.find((row) => row.candidate === candidate)?.summary.cpuMicros?.median
}

function ratio(over: number | undefined, under: number | undefined): number | undefined {
  return over === undefined || under === undefined ? undefined : over / under
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

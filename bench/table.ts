/** A cell's result as a Markdown table, which reads well on a terminal too. */
import type { CellResult, Row } from './run-cell.ts'
import type { Spread } from './summary.ts'
import type { TargetResult } from './targets.ts'

const HEADINGS = [
  'candidate',
  'checks',
  'CPU µs',
  'min–max',
  '÷ bare',
  'req/s',
  'p50 ms',
  'p99 ms',
  'RSS MB',
  'load core',
]

/** @returns lines; candidates with the least CPU first, the way without a proxy above all. */
export function cellTable({ cell, rounds, rows }: CellResult): string {
  const bare = rows.find(({ candidate }) => candidate === 'bare')?.summary.cpuMicros?.median
  const sorted = rows.toSorted((a, b) => cpuOf(a) - cpuOf(b))
  const lines = [HEADINGS, ...sorted.map((row) => tableRow(row, bare))]
  return `### ${cell.name} (${plural(rounds, 'round')})\n\n${markdown(lines)}\n`
}

/** @returns a line for each target; empty if there is none. */
export function targetTable(targets: readonly TargetResult[]): string {
  if (targets.length === 0) return ''
  const lines = targets.map(({ what, measured, required, aim, verdict }) => [
    what,
    measured.toFixed(2),
    required.toFixed(2),
    aim?.toFixed(2) ?? '',
    verdict,
  ])
  return `### Targets\n\n${markdown([['ratio', 'measured', 'required', 'aim', ''], ...lines])}\n`
}

function cpuOf({ summary }: Row): number {
  return summary.cpuMicros?.median ?? 0
}

function tableRow({ candidate, checks, summary }: Row, bare: number | undefined): string[] {
  const { cpuMicros, requestsPerSecond, p50Ms, p99Ms, rssMegabytes, loadCoreShare } = summary
  const ratio = cpuMicros && bare ? (cpuMicros.median / bare).toFixed(2) : '–'
  return [
    candidate === 'gateway' ? '**gateway**' : candidate,
    checks,
    number(cpuMicros),
    cpuMicros ? `${rounded(cpuMicros.min)}–${rounded(cpuMicros.max)}` : '–',
    ratio,
    number(requestsPerSecond),
    number(p50Ms),
    number(p99Ms),
    number(rssMegabytes),
    loadCoreShare ? `${(loadCoreShare.median * 100).toFixed(0)} %` : '–',
  ]
}

function number(value: Spread | undefined): string {
  return value === undefined ? '–' : rounded(value.median)
}

/** Three figures are more than the noise leaves. */
export function rounded(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return Number(value.toFixed(digits)).toLocaleString('en-US')
}

export function markdown(lines: readonly (readonly string[])[]): string {
  const [headings = []] = lines
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  const row = (line: readonly string[]) =>
    `| ${widths.map((width, column) => (line[column] ?? '').padEnd(width)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [row(headings), rule, ...lines.slice(1).map(row)].join('\n')
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}

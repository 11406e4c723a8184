/** The counts of a run: requests and decisions by route and kind, and how many runs of each kind ended. */
import { trafficOf, type LogLine, type Observed, type Outcome } from './observed.ts'

export interface TrafficCounts {
  requests: number
  admitted: number
  refused: number
  failed: number
  /** Admitted, although a check in report mode would have refused it. */
  reported: number
}

export interface CompletionCounts {
  started: number
  ended: number
}

export interface Ledger {
  readonly traffic: ReadonlyMap<string, Readonly<TrafficCounts>>
  readonly completions: ReadonlyMap<string, Readonly<CompletionCounts>>
  /** At the app. */
  readonly arrivals: number
}

export function ledgerOf({ lines, arrivals, outcomes }: Observed): Ledger {
  const traffic = new Map<string, TrafficCounts>()
  const completions = new Map<string, CompletionCounts>()
  for (const line of lines) addLine(traffic, line)
  for (const outcome of outcomes) addOutcome(completions, outcome)
  return { traffic, completions, arrivals: arrivals.length }
}

function addLine(traffic: Map<string, TrafficCounts>, line: LogLine): void {
  const name = trafficOf(line)
  const counts = traffic.get(name) ?? {
    requests: 0,
    admitted: 0,
    refused: 0,
    failed: 0,
    reported: 0,
  }
  traffic.set(name, counts)
  counts.requests += 1
  const { decision } = line
  if (decision === 'admitted' || decision === 'refused' || decision === 'failed') {
    counts[decision] += 1
  }
  if (line['report_only'] !== undefined) counts.reported += 1
}

function addOutcome(completions: Map<string, CompletionCounts>, outcome: Outcome): void {
  const counts = completions.get(outcome.kind) ?? { started: 0, ended: 0 }
  completions.set(outcome.kind, counts)
  counts.started += 1
  if (outcome.hasEnded) counts.ended += 1
}

export function textOf({ traffic, completions, arrivals }: Ledger): string {
  const rows = [...traffic]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, { requests, admitted, refused, failed, reported }]) => [
      name,
      ...[requests, admitted, refused, failed, reported].map(String),
    ])
  const runs = [...completions].map(([kind, { started, ended }]) => [
    kind,
    String(started),
    String(ended),
  ])
  return [
    ...aligned([['requests', 'all', 'admitted', 'refused', 'failed', 'reported'], ...rows]),
    `arrived at the app: ${String(arrivals)}`,
    '',
    ...aligned([['runs', 'started', 'ended'], ...runs]),
  ].join('\n')
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.map(([name = '', ...numbers]) =>
    [name.padEnd(24), ...numbers.map((number) => number.padStart(10))].join(''),
  )
}

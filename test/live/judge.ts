/**
 * Whether the gateway decided rightly. Every request of the run is honest, so that each one that it refused, or
 * reported, is a wrong decision; so is a call that the app got twice, one that the log does not have, and a run
 * that did not end.
 */
import {
  shown,
  trafficOf,
  type Arrival,
  type LogLine,
  type Observed,
  type Outcome,
} from './observed.ts'

/** @returns one sentence for each wrong decision. */
export function judge({ lines, arrivals, outcomes, wantedTraffic }: Observed): readonly string[] {
  const seen = new Set(lines.map(trafficOf))
  return [
    ...lines.flatMap(wrongIn),
    ...repeated(arrivals).map((text) => `the app got it twice: ${text}`),
    ...unmatched(lines, arrivals),
    ...outcomes.flatMap(unended),
    ...wantedTraffic
      .filter((one) => !seen.has(one))
      .map((one) => `no request of this kind: ${one}`),
  ]
}

function wrongIn(line: LogLine): readonly string[] {
  const field = (name: string) => shown(line, name)
  const request = `${trafficOf(line)} ${field('fn_id') || field('path')}`
  if (line['decision'] !== 'admitted') {
    const details = ['reason', 'diagnosis', 'status'].map(field).filter((text) => text !== '')
    const end = line['decision'] === 'refused' ? 'was refused' : 'failed'
    return [`an honest request ${end}: ${request}, ${details.join(', ')}`]
  }
  const reported = field('report_only')
  return reported === '' ? [] : [`an honest request was reported: ${request}, ${reported}`]
}

/** Signatures have one use. Those of re-entries with equal bodies are equal, but their ids differ. */
function repeated(arrivals: readonly Arrival[]): readonly string[] {
  const claims = arrivals.flatMap(({ method, path, signature, ids }) =>
    signature === undefined ? [] : [`${method} ${path} ${signature} ${ids}`.trimEnd()],
  )
  return [...countsOf(claims)].filter(([, count]) => count > 1).map(([text]) => text)
}

/** By method, path and request id, which the gateway sends to the app. */
function unmatched(lines: readonly LogLine[], arrivals: readonly Arrival[]): readonly string[] {
  const admitted = lines.filter(({ decision }) => decision === 'admitted')
  const logged = countsOf(
    admitted.map((line) => {
      const id = shown(line, 'signed_request_id') || shown(line, 'request_id')
      return `${shown(line, 'method')} ${shown(line, 'path')} ${id}`
    }),
  )
  const arrived = countsOf(
    arrivals.map(({ method, path, requestId }) => `${method} ${path} ${requestId}`),
  )
  return [
    ...surplus(arrived, logged).map(
      (text) => `the app got it and the log does not have it: ${text}`,
    ),
    ...surplus(logged, arrived).map(
      (text) => `logged as admitted, and the app did not get it: ${text}`,
    ),
  ]
}

function unended({ kind, id, hasEnded, statuses, fails, detail }: Outcome): readonly string[] {
  if (!hasEnded) return [`a run did not end: ${[`${kind} ${id}`, detail ?? []].flat().join(', ')}`]
  if (statuses === undefined) return []
  const final = fails ? ['Failed', 'Completed'] : ['Completed']
  if (statuses.length > 0 && statuses.every((status) => final.includes(status))) return []
  return [
    `the server does not list a run as ended: ${kind} ${id}, ${statuses.join(', ') || 'no run'}`,
  ]
}

function countsOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

function surplus(
  some: ReadonlyMap<string, number>,
  others: ReadonlyMap<string, number>,
): readonly string[] {
  return [...some].filter(([text, count]) => count > (others.get(text) ?? 0)).map(([text]) => text)
}

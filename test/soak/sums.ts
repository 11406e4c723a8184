/** Whether what the gateway counted is what was sent, kind by kind. */
import type { LogLine } from './gateway-process.ts'

type Counts = ReadonlyMap<string, number>

/** Which metrics are compared, and by which labels. */
const compared = [
  ['requests', 'inngest_gateway_requests_total', ['route', 'method', 'decision', 'reason', 'code']],
  ['durations', 'inngest_gateway_request_duration_seconds_count', ['route', 'decision']],
  ['claims', 'inngest_gateway_replay_claims_total', ['result']],
  ['verifications', 'inngest_gateway_signature_verifications_total', ['result']],
  ['reported', 'inngest_gateway_report_only_refusals_total', ['reason']],
  ['reloads', 'inngest_gateway_config_reloads_total', ['result']],
] as const

/** Of Prometheus's text, in the words of the ledger. */
export function countsIn(metrics: string): Counts {
  const counts = new Map<string, number>()
  for (const [kind, name, labels] of compared) {
    for (const line of metrics.split('\n')) {
      if (!line.startsWith(`${name}{`)) continue
      const values = labels.map((label) => new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1])
      const key = `${kind} ${values.join(' ')}`
      const count = Number(line.split(' ').at(-1))
      if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count)
    }
  }
  return counts
}

/** As the workers logged them. */
export function reloadsIn(events: readonly LogLine[]): Counts {
  const count = (text: string) => events.filter(({ msg }) => String(msg).startsWith(text)).length
  return new Map([
    ['reloads success', count('configuration reloaded')],
    ['reloads failure', count('configuration reload failed')],
  ])
}

/** @returns one text for each number that is not what it has to be. */
export function differences(expected: Counts, counted: Counts): string[] {
  const names = new Set([...expected.keys(), ...counted.keys()])
  return [...names].flatMap((name) => {
    const [due = 0, found = 0] = [expected.get(name), counted.get(name)]
    return due === found ? [] : [`${name}: ${String(found)} counted, ${String(due)} right`]
  })
}

/** The loads under which the latency of small requests is measured. */

export interface Phase {
  readonly name: string
  /** Requests of 2 KB a second, sent at this rate whatever the responses take. */
  readonly smallPerSecond: number
  /** Cell whose requests of 4 MB are sent at the same time, one a second. */
  readonly largeCell?: string
  /** For the 99th percentile of the gateway, divided by that of `against`. */
  readonly target?: { readonly against: string; readonly required: number }
}

export const phases: readonly Phase[] = [
  { name: '1,500/s', smallPerSecond: 1500, target: { against: 'go-raw', required: 1 } },
  { name: '300/s', smallPerSecond: 300 },
  {
    name: '300/s with 4 MB',
    smallPerSecond: 300,
    largeCell: '4m-canonical-keepalive-1',
    target: { against: 'bare', required: 1.5 },
  },
  {
    name: '300/s with 4 MB spaced',
    smallPerSecond: 300,
    largeCell: '4m-spaced-keepalive-1',
    target: { against: 'bare', required: 1.5 },
  },
]

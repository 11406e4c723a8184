/** Calls signed too long ago, or not yet. */
import type { RequestCase } from '../case.ts'

const base = {
  group: 'freshness',
  from: 'inside',
  expects: { kind: 'refused', statuses: [401] },
} as const

/** Longer than it takes to send a request, and than most clocks differ. */
const BEYOND_SECONDS = 60

const enforce = 'Set `checks.freshness` of the route to `enforce`'

export const freshnessCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'expired',
    sends: 'a call signed a minute longer ago than `--max-age`',
    failure: `What was captured once can be sent once more much later. ${enforce}, or say by --max-age what \`freshness.maxAge\` is.`,
    requests: (make) => [
      make.request({ signed: make.sign(make.options.maxAgeSeconds + BEYOND_SECONDS) }),
    ],
  },
  {
    ...base,
    name: 'future-dated',
    sends: 'a call signed a minute further ahead than `--clock-tolerance`',
    failure: `A signature can be made for later. ${enforce}, or say by --clock-tolerance what \`freshness.clockTolerance\` is.`,
    requests: (make) => [
      make.request({ signed: make.sign(-make.options.clockToleranceSeconds - BEYOND_SECONDS) }),
    ],
  },
]

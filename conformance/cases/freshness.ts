/** Calls with a timestamp too long ago, or in the future. */
import type { RequestCase } from '../case.ts'

const base = {
  group: 'freshness',
  from: 'inside',
  expects: { kind: 'refused', statuses: [401] },
} as const

/** Longer than the time to send a request, and than the difference of most clocks. */
const BEYOND_SECONDS = 60

const enforce = 'Set `checks.freshness` of the route to `enforce`'

export const freshnessCases: readonly RequestCase[] = [
  {
    ...base,
    name: 'expired',
    sends: 'a function call signed `--max-age` plus one minute ago',
    failure: `A captured request can be sent much later. ${enforce}, or set --max-age to the value of \`freshness.maxAge\`.`,
    requests: (make) => [
      make.request({ signed: make.sign(make.options.maxAgeSeconds + BEYOND_SECONDS) }),
    ],
  },
  {
    ...base,
    name: 'future-dated',
    sends: 'a function call signed `--clock-tolerance` plus one minute in the future',
    failure: `A signature with a future time is accepted. ${enforce}, or set --clock-tolerance to the value of \`freshness.clockTolerance\`.`,
    requests: (make) => [
      make.request({ signed: make.sign(-make.options.clockToleranceSeconds - BEYOND_SECONDS) }),
    ],
  },
]

/** What the run makes Inngest's server do: events for one function of the app each, and how their runs end. */

export interface Kind {
  readonly name: string
  /** Runs that it starts: one for each event, unless the function takes them in batches. */
  readonly events: number
  /** An event that the runs wait for: sent again each second until they have ended. */
  readonly reply?: string
  /** The server does not list runs by each event of a batch. */
  readonly isBatch?: boolean
  /** Its runs fail, and the failure handler of the function runs. */
  readonly fails?: boolean
  /** Of each event, besides its id. */
  readonly text?: string
}

/** Characters that JSON writers escape in different ways, and that take one to four bytes. */
const SPECIAL = 'é <b>&\u2028 "\\ 😀'

/** An event is at most 3 MiB (`pkg/consts/consts.go` of the server). */
const LARGE = `${SPECIAL}${'ü'.repeat(1_300_000)}`

export const kinds: readonly Kind[] = [
  { name: 'steps', events: 3, text: SPECIAL },
  { name: 'parallel', events: 3 },
  { name: 'waits', events: 2, reply: 'live/reply' },
  { name: 'retries', events: 2 },
  { name: 'failures', events: 2, fails: true },
  { name: 'invoke', events: 2, text: SPECIAL },
  { name: 'batch', events: 5, isBatch: true },
  { name: 'large-event', events: 1, text: LARGE },
  { name: 'large-state', events: 1 },
  { name: 'streaming', events: 3 },
]

export const eventOf = (kind: string): string => `live/${kind}`

/** Requests of users to the durable endpoint. */
export const userRequests = [
  { id: 'durable-0', method: 'GET' },
  { id: 'durable-1', method: 'GET' },
  { id: 'durable-2', method: 'POST', body: '{"quantity":2}' },
] as const

/** By route: a run in which one of these is missing has not shown what it is for. */
export const wantedTraffic: readonly string[] = [
  'app sync',
  'app call',
  'streaming sync',
  'streaming call',
  'endpoints user',
  'endpoints re-entry',
]

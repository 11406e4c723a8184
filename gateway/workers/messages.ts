/** What the primary and its workers tell each other; the bytes of a key stay bytes on the way. */
import type { Config } from '../config/schema/config.ts'
import type { MetricsReading } from '../record/machine-metrics.ts'
import type { Status } from '../ops/status/status.ts'
import type { UnlistedSighting } from '../record/unlisted-ranges.ts'
import type { PairAsk, PairReply } from '../pairs/ipc-pairs.ts'
import type { Ask, Reply } from '../replay/ipc/store.ts'

/** Set for workers of the gateway, which a cluster of another program has none of. */
export const WORKER_VARIABLE = 'INNGEST_GATEWAY_WORKER'

/** What a worker is to be, told once. */
export interface Assignment {
  /** As the primary has read it: what needs a restart is the same in all workers. */
  readonly config: Config
  readonly workers: number
  /** That all of them listen on. */
  readonly port: number
  /** The first second that the replay cache of the primary remembers whole. */
  readonly sinceSeconds: number
}

/** What a worker can be asked. */
export interface Questions {
  metrics: MetricsReading
  readiness: string | undefined
  requestsInFlight: number
  /** Undefined if the status page is off. */
  status: Status | undefined
}

export type Order =
  | { readonly kind: 'start'; readonly assignment: Assignment }
  | { readonly kind: 'reload' }
  | { readonly kind: 'stop'; readonly delayMs: number | undefined }
  | { readonly kind: 'ask'; readonly id: number; readonly what: keyof Questions }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] }
  | { readonly kind: 'pair reply'; readonly reply: PairReply }

export type Report =
  | { readonly kind: 'here' }
  | { readonly kind: 'serving' }
  /** From its start, and whenever the configuration changes it. */
  | { readonly kind: 'log level'; readonly level: string }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'stopped'; readonly requestsAborted: number }
  | { readonly kind: 'asks'; readonly asks: readonly Ask[] }
  | { readonly kind: 'pair ask'; readonly ask: PairAsk }
  | { readonly kind: 'unlisted'; readonly sighting: UnlistedSighting }

/** The messages between the primary process and its workers. The bytes of a key are sent as bytes. */
import type { Config } from '../config/schema/config.ts'
import type { MetricsReading } from '../record/machine-metrics.ts'
import type { Status } from '../ops/status/status.ts'
import type { RecordedBatch, RecordingOrder } from '../recording/recording.ts'
import type { UnlistedSighting } from '../record/unlisted-ranges.ts'
import type { PairAsk, PairReply } from '../pairs/ipc-pairs.ts'
import type { Ask, Reply } from '../replay/ipc/store.ts'

/** The environment variable that distinguishes the gateway's workers from those of another cluster program. */
export const WORKER_VARIABLE = 'INNGEST_GATEWAY_WORKER'

/** The first message to a worker. */
export interface Assignment {
  /** As the primary has read it, so that restart-only settings are the same in all workers. */
  readonly config: Config
  readonly workers: number
  /** The port that all workers listen on. */
  readonly port: number
  /** The first second of which the primary's replay cache is complete. Unix seconds. */
  readonly sinceSeconds: number
}

/** The questions to a worker, and the types of the replies. */
export interface Questions {
  metrics: MetricsReading
  readiness: string | undefined
  requestsInFlight: number
  /** Undefined if the status page is off. */
  status: Status | undefined
  /** Taken with the reply. Undefined if there is no recording. */
  recording: RecordedBatch | undefined
}

export type Order =
  | { readonly kind: 'start'; readonly assignment: Assignment }
  | { readonly kind: 'reload' }
  /** Undefined ends the recording. */
  | { readonly kind: 'record'; readonly order: RecordingOrder | undefined }
  | { readonly kind: 'stop'; readonly delayMs: number | undefined }
  | { readonly kind: 'ask'; readonly id: number; readonly what: keyof Questions }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] }
  | { readonly kind: 'pair reply'; readonly reply: PairReply }

export type Report =
  | { readonly kind: 'here' }
  | { readonly kind: 'serving' }
  /** Sent at the worker's start, and whenever the configuration changes the level. */
  | { readonly kind: 'log level'; readonly level: string }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'stopped'; readonly requestsAborted: number }
  | { readonly kind: 'asks'; readonly asks: readonly Ask[] }
  | { readonly kind: 'pair ask'; readonly ask: PairAsk }
  | { readonly kind: 'unlisted'; readonly sighting: UnlistedSighting }

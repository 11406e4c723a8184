/** An app with a durable endpoint, for any SDK. */
import type { IncomingHttpHeaders } from 'node:http'

export interface Reached {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHttpHeaders
}

export interface DurableApp {
  readonly port: number
  readonly reached: readonly Reached[]
  /** How often the code of each step ran. */
  readonly ran: ReadonlyMap<string, number>
  stop(): void | Promise<void>
}

export interface DurableAppOptions {
  readonly key: string
  readonly apiUrl: string
}

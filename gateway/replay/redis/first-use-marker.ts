/**
 * When claims were first kept under a prefix, kept there itself, in a cluster once for each bucket. A server that has long been running
 * knows nothing of what was claimed elsewhere before it was configured, under another prefix, or before
 * somebody emptied it; signatures of before are refused. Each claim reads it again (scripts.ts).
 */
import { plainError } from '../../redact/safe-text.ts'
import type { RedisClient } from './client.ts'
import type { RedisKeys } from './keys.ts'
import { MOST_AHEAD_SECONDS, type HistoryHorizon } from './history-horizon.ts'

const NOT_READ = 'not ready: start time of claim storage not read yet'

export class FirstUseMarker {
  /** What stands against claims there. */
  trouble: string | undefined = NOT_READ
  readonly #client: RedisClient
  readonly #keys: readonly string[]
  readonly #memory: HistoryHorizon
  #looks = 0

  constructor(client: RedisClient, { marks }: Pick<RedisKeys, 'marks'>, memory: HistoryHorizon) {
    this.#client = client
    this.#keys = marks
    this.#memory = memory
  }

  /** To be called when another server may answer from now on. */
  forget(): void {
    this.#looks += 1
    this.trouble = NOT_READ
  }

  async look(nowMs: number): Promise<void> {
    const look = (this.#looks += 1)
    const troubles = await Promise.all(this.#keys.map((key) => this.#fetchFrom(key, nowMs)))
    // Of several looks at once, the last one begun counts.
    if (look === this.#looks) this.trouble = troubles.find((trouble) => trouble !== undefined)
  }

  async #fetchFrom(key: string, nowMs: number): Promise<string | undefined> {
    try {
      const since = await this.#read(key, nowMs)
      const nowSeconds = Math.floor(nowMs / 1000)
      if (since > nowSeconds + MOST_AHEAD_SECONDS)
        throw new Error('timestamp is in the future: delete this key')
      this.#memory.keptSince(since)
      return undefined
    } catch (error) {
      return `${key}: ${plainError(error)}`
    }
  }

  /** Read first: a server that is full would refuse to write even what is there already. */
  async #read(key: string, nowMs: number): Promise<number> {
    const written = await this.#client.get(key)
    if (written !== null) return secondsOf(written)
    const since = this.#memory.lossSeconds(nowMs)
    if ((await this.#client.set(key, since, 'NX')) === 'OK') return since
    return secondsOf((await this.#client.get(key)) ?? '')
  }
}

function secondsOf(text: string): number {
  if (!/^\d{1,12}$/.test(text))
    throw new Error('not a value that a gateway writes: delete this key')
  return Number(text)
}

/** Restarts Redis, with and without what it has stored, and empties it while it runs. */
import { setTimeout as delay } from 'node:timers/promises'

import type { Store } from './claims.ts'
import { functionCall } from './compose.ts'
import type { RunningGateway } from './gateway-process.ts'
import type { Playground } from './playground.ts'
import type { Random } from './random.ts'
import type { RedisProcess } from './redis-process.ts'
import { haveAllLogged } from './reloads.ts'
import type { Timeline } from './timeline.ts'
import { until } from './until.ts'

/** Signatures are refused that are older than the memory of the store by less than this. */
const MARGIN_SECONDS = 2

const inSeconds = (ms: number) => Math.floor(ms / 1000)

/** A store that begins to remember now. */
export function newMemory(losses: number): Extract<Store, { kind: 'up' }> {
  const lowestMark = inSeconds(Date.now()) + MARGIN_SECONDS
  return { kind: 'up', losses, lowestMark, highestMark: undefined }
}

export interface RestartParts {
  readonly gateway: RunningGateway
  readonly redis: RedisProcess
  readonly stores: Timeline<Store>
  readonly ground: Playground
  readonly random: Random
  readonly everyMs: number
}

const kinds = ['restarted', 'restarted without its data', 'emptied'] as const

export class Restarts {
  readonly counts = new Map<string, number>()
  readonly #parts: RestartParts
  #losses = 0
  #done = 0

  constructor(parts: RestartParts) {
    this.#parts = parts
  }

  async run(isOver: () => boolean): Promise<void> {
    const { everyMs } = this.#parts
    let nextMs = Date.now() + everyMs
    while (!isOver()) {
      await delay(100)
      if (Date.now() < nextMs) continue
      await this.#disturb(kinds[this.#done % kinds.length] ?? 'restarted')
      this.#done += 1
      nextMs = Date.now() + everyMs
    }
  }

  async #disturb(kind: (typeof kinds)[number]): Promise<void> {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    if (kind === 'emptied') await this.#empty()
    else await this.#restart(kind === 'restarted without its data')
  }

  async #restart(isLossy: boolean): Promise<void> {
    const { gateway, redis, stores, random } = this.#parts
    const { events } = gateway
    const from = events.length
    const isDown = stores.begin({ kind: 'down' })
    await redis.terminate()
    await until('both workers miss Redis', () =>
      haveAllLogged(events, from, ({ msg }) => msg === 'replay store unavailable'),
    )
    isDown()
    await delay(random.between(200, 2500))
    if (isLossy) redis.loseAll()
    this.#losses += isLossy ? 1 : 0
    const memory = newMemory(this.#losses)
    const isUp = stores.begin(memory)
    await redis.start()
    await until('both workers have Redis again', () =>
      haveAllLogged(events, from, ({ msg }) => msg === 'replay store available again'),
    )
    memory.highestMark = inSeconds(Date.now()) + MARGIN_SECONDS
    isUp()
  }

  async #empty(): Promise<void> {
    const { redis, stores, ground, random } = this.#parts
    this.#losses += 1
    const memory = newMemory(this.#losses)
    const isNew = stores.begin(memory)
    await redis.flush()
    // The first claim begins a new memory; others may come before it.
    await ground.send('first after emptying', functionCall(random), random)
    memory.highestMark = inSeconds(Date.now()) + MARGIN_SECONDS
    isNew()
  }
}

/**
 * The connection to Redis: whether it can be asked, and since when what it knows is whole. No claim
 * is sent over a connection whose server was not looked at first.
 */
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'

import { plainError } from '../plain-error.ts'
import { AvailabilityLog } from './availability-log.ts'
import { isCluster, type RedisClient } from './redis-client.ts'
import { askInfo, troubleIn } from './redis-info.ts'
import { RedisMark } from './redis-mark.ts'
import { RedisMemory } from './redis-memory.ts'

/** How often its servers are looked at: so often while one of them stands in the way, and else at every fifteenth. */
const TICK_MS = 1000
const TICKS_IN_PEACE = 15

const NOT_CONNECTED = 'not connected'
const NOT_LOOKED_AT = 'not looked at since another server went'
const A_REPLICA = 'it is a replica, or was one when it was last looked at'

/** One server, and what stands against asking it. */
interface Node {
  trouble: string | undefined
  /** By its own word when it was last looked at. */
  isPrimary: boolean
  /** Another one after each loss, so that an answer is not taken for one of the connection after. */
  connection: number
}

export interface RedisLinkOptions {
  readonly client: RedisClient
  readonly keyPrefix: string
  readonly clock: { nowMs(): number }
  readonly logger: Logger
}

export class RedisLink {
  readonly memory = new RedisMemory()
  readonly #client: RedisClient
  readonly #clock: { nowMs(): number }
  readonly #log: AvailabilityLog
  readonly #mark: RedisMark
  readonly #nodes = new Map<Redis, Node>()
  readonly #timer: NodeJS.Timeout
  /** What the last try to connect ended with. */
  #failure: string | undefined
  #wasAvailable = false
  #ticks = 0

  constructor({ client, keyPrefix, clock, logger }: RedisLinkOptions) {
    this.#client = client
    this.#mark = new RedisMark(client, keyPrefix, this.memory)
    this.#clock = clock
    this.#log = new AvailabilityLog(logger, NOT_CONNECTED)
    if (isCluster(client)) {
      // That no node can be asked; and of the last of them, why.
      client.on('error', (error: Error & { lastNodeError?: Error }) => {
        this.#failed(error.lastNodeError ?? error)
      })
      client.on('+node', (node: Redis) => {
        this.#follow(node)
      })
      client.on('-node', (node: Redis) => {
        this.#nodes.delete(node)
        this.#lookAtAll()
      })
      client.on('ready', () => void this.#lookAtMark())
      for (const node of client.nodes('all')) this.#follow(node)
    } else this.#follow(client)
    this.#timer = setInterval(() => {
      this.#tick()
    }, TICK_MS).unref()
  }

  /** Undefined when it can be asked. */
  get unavailableBecause(): string | undefined {
    const trouble = this.#trouble()
    const isExplained = trouble === NOT_CONNECTED && this.#failure !== undefined
    return isExplained ? `${trouble}: ${String(this.#failure)}` : trouble
  }

  close(): void {
    clearInterval(this.#timer)
    this.#client.disconnect()
  }

  #trouble(): string | undefined {
    return this.#troubleOfPrimaries() ?? this.#mark.trouble
  }

  /**
   * Of all that take claims. In a cluster a replica comes to do so without a new connection, and may
   * not have heard of all that were made where it takes over.
   */
  #troubleOfPrimaries(): string | undefined {
    const client = this.#client
    const primaries = isCluster(client) ? client.nodes('master') : [client]
    if (client.status !== 'ready' || primaries.length === 0) return NOT_CONNECTED
    for (const redis of primaries) {
      const node = this.#nodes.get(redis)
      if (node === undefined) return NOT_CONNECTED
      if (node.trouble !== undefined) return node.trouble
      if (!node.isPrimary) return A_REPLICA
    }
    return undefined
  }

  /** Called for connection errors only; a failed command is reported to whoever sent it. */
  #failed(error: Error): void {
    this.#failure = plainError(error)
    this.#announce()
  }

  #follow(redis: Redis): void {
    const node: Node = { trouble: NOT_CONNECTED, isPrimary: false, connection: 0 }
    this.#nodes.set(redis, node)
    redis.on('error', (error: Error) => {
      this.#failed(error)
    })
    redis.on('ready', () => {
      this.#failure = undefined
      void this.#look(redis, node)
    })
    redis.on('close', () => {
      node.trouble = NOT_CONNECTED
      node.connection += 1
      this.#lookAtAll()
    })
    if (redis.status === 'ready') void this.#look(redis, node)
    // A cluster's nodes would connect with their first command, which a look has to come before.
    else if (redis.status === 'wait') redis.connect().catch(() => undefined)
  }

  #tick(): void {
    this.#ticks += 1
    if (this.#trouble() === undefined && this.#ticks % TICKS_IN_PEACE !== 0) return
    // It gives up for ever on some errors within the library.
    if (this.#client.status === 'end') this.#client.connect().catch(() => undefined)
    void this.#lookAtMark()
    for (const [redis, node] of this.#nodes) void this.#look(redis, node)
  }

  /** One of them may take the place of the one that went, and has to be looked at as that first. */
  #lookAtAll(): void {
    this.#mark.forget()
    for (const [redis, node] of this.#nodes) {
      if (node.trouble === NOT_CONNECTED) continue
      node.trouble = NOT_LOOKED_AT
      node.connection += 1
      void this.#look(redis, node)
    }
    this.#announce()
  }

  async #lookAtMark(): Promise<void> {
    // A replica would refuse to write it.
    if (this.#troubleOfPrimaries() !== undefined) return
    await this.#mark.look(this.#clock.nowMs())
    this.#announce()
  }

  async #look(redis: Redis, node: Node): Promise<void> {
    if (redis.status !== 'ready') return
    const { connection } = node
    const info = await askInfo(redis)
    if (node.connection !== connection) return
    if (typeof info !== 'string') {
      this.memory.lookedAt(info, !this.#wasAvailable, this.#clock.nowMs())
      node.isPrimary = info.isPrimary
    }
    node.trouble = typeof info === 'string' ? info : troubleIn(info)
    // Announced together, so that a half-finished look is not logged.
    if (this.#mark.trouble !== undefined) await this.#lookAtMark()
    this.#announce()
  }

  #announce(): void {
    const why = this.unavailableBecause
    this.#wasAvailable ||= why === undefined
    this.#log.tell(why)
  }
}

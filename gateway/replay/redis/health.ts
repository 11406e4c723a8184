/**
 * The connection to Redis: whether it can be asked, and since when what it knows is whole. No claim
 * is sent over a connection whose server was not looked at first.
 */
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { plainError } from '../../redact/safe-text.ts'
import { isCluster, type RedisClient } from './client.ts'
import { askInfo, troubleIn } from './info.ts'
import type { RedisKeys } from './keys.ts'
import { FirstUseMarker } from './first-use-marker.ts'
import { HistoryHorizon } from './history-horizon.ts'
import { missingRight } from './permissions.ts'

/** How often its servers are looked at: so often while one of them stands in the way, and else at every fifteenth. */
const TICK_MS = 1000
const TICKS_IN_PEACE = 15

const NOT_CONNECTED = 'not connected'
/** The library passes over a node without an address, and says nothing. */
const NO_NODES =
  'the cluster announces no node to connect to: set cluster-announce-ip or cluster-announce-hostname on each node, and check that slots are assigned (CLUSTER SLOTS)'
const NOT_LOOKED_AT = 're-checking this Redis node after another node was lost'
const A_REPLICA = 'the server is a replica, or was one at the last check'

/** One server, and what stands against asking it. */
interface Node {
  trouble: string | undefined
  /** By its own word when it was last looked at. */
  isPrimary: boolean
  /** Another one after each loss, so that an answer is not taken for one of the connection after. */
  connection: number
  /** By which connection every command that claims need is known to be allowed. */
  allowedOn: number | undefined
}

export interface RedisLinkOptions {
  readonly client: RedisClient
  readonly keys: RedisKeys
  readonly clock: { nowMs(): number }
  readonly logger: Logger
}

export class RedisHealth {
  readonly memory = new HistoryHorizon()
  readonly #client: RedisClient
  readonly #clock: { nowMs(): number }
  readonly #log: AvailabilityLog
  readonly #mark: FirstUseMarker
  /** Never there: to find out what may be done. */
  readonly #trialKey: string
  readonly #nodes = new Map<Redis, Node>()
  readonly #timer: NodeJS.Timeout
  /** What the last try to connect ended with. */
  #failure: string | undefined
  /** In the try to connect that is under way. */
  #hasFailed = false
  #isClosed = false
  #wasAvailable = false
  #ticks = 0

  constructor({ client, keys, clock, logger }: RedisLinkOptions) {
    this.#client = client
    this.#mark = new FirstUseMarker(client, keys, this.memory)
    this.#trialKey = `${keys.marks[0] ?? ''}:trial`
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
      client.on('connecting', () => {
        this.#hasFailed = false
      })
      client.on('close', () => {
        const isSilent = !this.#hasFailed && !this.#isClosed
        if (isSilent && client.nodes('all').length === 0) this.#failed(new Error(NO_NODES))
      })
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
    this.#isClosed = true
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
    this.#hasFailed = true
    this.#announce()
  }

  #follow(redis: Redis): void {
    const node: Node = {
      trouble: NOT_CONNECTED,
      isPrimary: false,
      connection: 0,
      allowedOn: undefined,
    }
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
    const trouble = typeof info === 'string' ? info : troubleIn(info)
    const missing = trouble === undefined ? await this.#missingRight(redis, node) : undefined
    if (node.connection !== connection) return
    node.trouble = trouble ?? missing
    // Announced together, so that a half-finished look is not logged.
    if (this.#mark.trouble !== undefined) await this.#lookAtMark()
    this.#announce()
  }

  /** Once for each connection, and again as long as something is missing. A replica takes no claims. */
  async #missingRight(redis: Redis, node: Node): Promise<string | undefined> {
    const { connection } = node
    if (!node.isPrimary || node.allowedOn === connection) return undefined
    const missing = await missingRight(redis, this.#trialKey)
    if (missing === undefined) node.allowedOn = connection
    return missing
  }

  #announce(): void {
    const why = this.unavailableBecause
    this.#wasAvailable ||= why === undefined
    this.#log.tell(why)
  }
}

/* Says that the shared store cannot be asked, and why, and that it can be again. */

/** A server could think of ever new reasons. */
const MOST_REASONS = 16

export class AvailabilityLog {
  readonly #logger: Logger
  /** Since it could last be asked: each is said once, as some take turns at every try to connect. */
  readonly #reasons: Set<string>

  /** @param known why it cannot be asked at first, which goes without saying. */
  constructor(logger: Logger, known: string) {
    this.#logger = logger
    this.#reasons = new Set([known])
  }

  /** @param why undefined if it can be asked. */
  tell(why: string | undefined): void {
    const reasons = this.#reasons
    if (why !== undefined) {
      if (reasons.has(why) || reasons.size === MOST_REASONS) return
      reasons.add(why)
      this.#logger.error({ why }, 'replay store unavailable')
    } else if (reasons.size > 0) {
      reasons.clear()
      this.#logger.info('replay store available again')
    }
  }
}

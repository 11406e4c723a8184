/**
 * The state of the connection to Redis: whether it can be used, and since when its claims are complete. No
 * claim is sent over a connection before its server has been checked.
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

/** The servers are checked at each tick while one of them is unusable, and otherwise at every fifteenth. */
const TICK_MS = 1000
const TICKS_IN_PEACE = 15

const NOT_CONNECTED = 'not connected'
/** The library skips a node without an address and reports nothing. */
const NO_NODES =
  'the cluster announces no node to connect to: set cluster-announce-ip or cluster-announce-hostname on each node, and check that slots are assigned (CLUSTER SLOTS)'
const NOT_LOOKED_AT = 're-checking this Redis node after another node was lost'
const A_REPLICA = 'the server is a replica, or was one at the last check'

/** One server, and why it cannot be used. */
interface Node {
  trouble: string | undefined
  /** As the server reported at the last check. */
  isPrimary: boolean
  /** Increases with each lost connection, so that a late reply is not attributed to the next connection. */
  connection: number
  /** The connection on which the server was seen to allow every command that claims need. */
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
  /** A key that never exists, for trying out which commands are allowed. */
  readonly #trialKey: string
  readonly #nodes = new Map<Redis, Node>()
  readonly #timer: NodeJS.Timeout
  /** Why the last attempt to connect failed. */
  #failure: string | undefined
  /** Whether the current attempt to connect has reported an error. */
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
      // The error says that no node can be reached; `lastNodeError` says why the last one could not.
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

  /** Undefined while Redis can be used. */
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
   * The first problem among the servers that take claims. In a cluster a replica can become a primary
   * without a new connection, and it may lack the last claims of the primary that it replaces.
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

  /** Called for connection errors only; the error of a command goes to its caller. */
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
    // A cluster's node would connect at its first command, but it has to be checked before that.
    else if (redis.status === 'wait') redis.connect().catch(() => undefined)
  }

  #tick(): void {
    this.#ticks += 1
    if (this.#trouble() === undefined && this.#ticks % TICKS_IN_PEACE !== 0) return
    // The library stops reconnecting after some internal errors.
    if (this.#client.status === 'end') this.#client.connect().catch(() => undefined)
    void this.#lookAtMark()
    for (const [redis, node] of this.#nodes) void this.#look(redis, node)
  }

  /** After a loss, any other server may become the primary in its place, so each is checked again first. */
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
    // A replica would refuse to write the mark.
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
    // Logged together, so that a half-finished check is not logged.
    if (this.#mark.trouble !== undefined) await this.#lookAtMark()
    this.#announce()
  }

  /** Checked once for each connection, and again while a right is missing. Not for replicas, which take no claims. */
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

/* Logs that the shared store cannot be used, and why, and when it can be used again. */

/** A server could send a new error text each time. */
const MOST_REASONS = 16

export class AvailabilityLog {
  readonly #logger: Logger
  /** The reasons logged since the store was last usable. Each is logged once: some alternate at each attempt to connect. */
  readonly #reasons: Set<string>

  /** @param known the reason at the start, which is not logged. */
  constructor(logger: Logger, known: string) {
    this.#logger = logger
    this.#reasons = new Set([known])
  }

  /** @param why undefined if the store can be used. */
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

/** A client for one server, one behind Sentinels, or a cluster, from the configuration. */
import { Cluster, Redis } from 'ioredis'

import type { ReplaySecrets } from '../../config/compile.ts'
import { isOverTls } from '../../config/schema/redis.ts'
import type { ReplayConfig } from '../../config/schema/replay.ts'
import { withoutBrackets } from '../../ip/authority.ts'
import { sentinelConnector } from './sentinel-connector.ts'
import { TlsConnector } from './tls-connector.ts'

export type RedisClient = Redis | Cluster

export type RedisConfig = Partial<ReplaySecrets> &
  Pick<
    ReplayConfig,
    'url' | 'username' | 'cluster' | 'sentinels' | 'sentinelName' | 'sentinelUsername'
  >

const LONGEST_RETRY_MS = 1000

/**
 * A server that answers nothing for so long is left and connected to anew. One that hangs, or that a
 * network has cut off, closes no connection: another that has taken its place would never be asked.
 */
const MOST_SILENCE_MS = 3000

export function createRedisClient(config: RedisConfig): RedisClient {
  const options = optionsOf(config)
  if (config.sentinels !== undefined) return new Redis({ ...options, ...behindSentinels(config) })
  const url = new URL(config.url ?? '')
  const at = { host: withoutBrackets(url.hostname), port: Number(url.port || 6379) }
  if (!config.cluster) return new Redis({ ...options, ...at, db: Number(url.pathname.slice(1)) })
  return createCluster(at, options)
}

function createCluster(
  at: { host: string; port: number },
  options: ReturnType<typeof optionsOf>,
): Cluster {
  const cluster = new Cluster([at], {
    redisOptions: options,
    enableOfflineQueue: false,
    // It asks any node, fails if that is not connected yet, and then starts all over, for as long as
    // half a minute. Here no claim is made before each node was looked at (health.ts).
    enableReadyCheck: false,
    clusterRetryStrategy: retryDelayMs,
    // The name stays, for the certificate to be held to; it is looked up on connecting.
    dnsLookup: (name, found) => {
      found(null, name)
    },
    slotsRefreshInterval: 5000,
    // Nothing is sent again here either.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
  })
  cluster.on('+node', quietAsking)
  return cluster
}

/**
 * Before following an ASK redirect ioredis sends ASKING and ignores the promise; its rejection would end
 * the process.
 */
function quietAsking(node: Redis): void {
  const asking = node.asking.bind(node)
  node.asking = () => {
    const asked = asking()
    asked.catch(() => undefined)
    return asked
  }
}

export function isCluster(client: RedisClient): client is Cluster {
  return 'nodes' in client
}

function optionsOf({ url, username, password, ...config }: RedisConfig) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(url !== undefined && isOverTls(url) && { tls: tlsOf(config), Connector: TlsConnector }),
    connectTimeout: 5000,
    socketTimeout: MOST_SILENCE_MS,
    // A claim that was lost with its connection may have been made: it must not be tried again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: retryDelayMs,
    // What was the primary is a replica now; the next connection leads to the new one.
    // Before Redis 7 what fails within a script is told in the midst of the message.
    reconnectOnError: (error: Error) => /\bREADONLY\b/.test(error.message),
  }
}

function behindSentinels(config: RedisConfig) {
  const { sentinels = [], sentinelName = '', sentinelUsername, sentinelPassword } = config
  const tls = tlsOf(config)
  return {
    sentinels: sentinels.map(hostAndPort),
    name: sentinelName,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(sentinels.some(isOverTls) && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    Connector: sentinelConnector,
    sentinelCommandTimeout: MOST_SILENCE_MS,
    // A primary that they have given up may go on serving those who are still connected to it.
    failoverDetector: true,
    sentinelReconnectStrategy: retryDelayMs,
  }
}

/** Verified whatever NODE_TLS_REJECT_UNAUTHORIZED says: who answers in its place admits replays. */
function tlsOf({ ca, cert, key }: RedisConfig) {
  return {
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}

function retryDelayMs(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 10), LONGEST_RETRY_MS)
}

function hostAndPort(sentinel: string): { host: string; port: number } {
  const text = sentinel.replace(/^rediss:\/\//, '')
  const colon = text.lastIndexOf(':')
  return { host: withoutBrackets(text.slice(0, colon)), port: Number(text.slice(colon + 1)) }
}

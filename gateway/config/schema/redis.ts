/** The address and credentials of the shared replay cache. */
import { z } from 'zod'

import { file, secret } from './values.ts'

const username = z.string().min(1)

const redisUrl = z.string().refine(isPlainRedisUrl, {
  error:
    'redis://host:port or rediss://host:port with an optional /db, and username and password apart',
})

function isPlainRedisUrl(text: string): boolean {
  const url = URL.parse(text)
  const isPlain = /^rediss?:\/\/[^\s@?#]+$/.test(text)
  return isPlain && url !== null && url.hostname !== '' && /^(?:\/\d{0,2})?$/.test(url.pathname)
}

const sentinel = z.string().refine((text) => /^(?:rediss:\/\/)?[^\s@/]+:\d{1,5}$/.test(text), {
  error: 'host:port, or rediss://host:port',
})

/** Keys of `replay` that only apply if the store is Redis. */
export const redisShape = {
  url: redisUrl.optional().describe('URL of the Redis or Valkey server, without credentials.'),
  username: username
    .optional()
    .describe('ACL user name for Redis. Default: the default user of the server.'),
  password: secret
    .optional()
    .describe('Password for Redis, by reference: `env: NAME` or `file: /path`.'),
  caFile: file
    .optional()
    .describe(
      'Path of CA certificates (PEM) to verify the Redis server. Default: the CA certificates of Node.js.',
    ),
  certFile: file
    .optional()
    .describe('Path of the client certificate (PEM) for TLS to Redis. Requires `keyFile`.'),
  keyFile: file.optional().describe('Path of the private key (PEM) for `replay.certFile`.'),
  cluster: z
    .boolean()
    .default(false)
    .describe('Whether `url` is a node of a Redis Cluster. Default false.'),
  sentinels: z
    .array(sentinel)
    .min(1)
    .optional()
    .describe(
      'Addresses of Redis Sentinels (host:port), instead of `url`. Write each as rediss://host:port for TLS to the Sentinels and to Redis.',
    ),
  sentinelName: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the primary in the Sentinel configuration.'),
  sentinelUsername: username
    .optional()
    .describe('ACL user name for the Sentinels. Default: the default user of the Sentinel.'),
  sentinelPassword: secret
    .optional()
    .describe('Password for the Sentinels, by reference: `env: NAME` or `file: /path`.'),
}

type RedisKeys = Partial<z.output<z.ZodObject<typeof redisShape>>>

const OF_SENTINELS = ['sentinelName', 'sentinelUsername', 'sentinelPassword'] as const
const OF_TLS = ['caFile', 'certFile', 'keyFile'] as const

/** @returns for each key that conflicts with the others, the key and what is expected of it. */
export function redisProblems(replay: RedisKeys): [string, string][] {
  const { url, sentinels, sentinelName, cluster, certFile, keyFile } = replay
  const problems: [string, string][] = []
  if ((url === undefined) === (sentinels === undefined))
    problems.push(['url', 'either url or sentinels'])
  if (sentinels !== undefined && sentinelName === undefined)
    problems.push(['sentinelName', 'a name, since there are sentinels'])
  if (cluster === true && (url === undefined || /\d\/\d/.test(url))) {
    problems.push(['cluster', 'url to a node of the cluster, without a /db'])
  }
  const areTls = [...(sentinels ?? []), url].flatMap((each) =>
    each === undefined ? [] : [isOverTls(each)],
  )
  if (new Set(areTls).size > 1) problems.push(['sentinels', 'rediss:// at all of them or at none'])
  if ((certFile === undefined) !== (keyFile === undefined)) {
    problems.push(['certFile', 'both certFile and keyFile, or neither'])
  }
  const isSet = (key: keyof RedisKeys) => replay[key] !== undefined
  const misplaced = (keys: readonly (keyof RedisKeys)[], expected: string) =>
    keys.filter(isSet).map((key): [string, string] => [key, expected])
  if (!areTls.includes(true))
    problems.push(...misplaced(OF_TLS, 'nothing unless it is reached by rediss://'))
  if (sentinels === undefined)
    problems.push(...misplaced(OF_SENTINELS, 'nothing unless there are sentinels'))
  return problems
}

/** @param address `url`, or one of `sentinels`. */
export function isOverTls(address: string): boolean {
  return address.startsWith('rediss://')
}

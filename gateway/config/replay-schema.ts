/** The replay cache: in this process, or in a Redis or Valkey that replicas and apps share. */
import { z } from 'zod'

import { integer } from './integer.ts'

const file = z.string().min(1)

const redisUrl = z.string().refine(isPlainRedisUrl, {
  error:
    'redis://host:port or rediss://host:port with an optional /db, and username and password apart',
})

function isPlainRedisUrl(text: string): boolean {
  const url = URL.parse(text)
  const isRedis = url?.protocol === 'redis:' || url?.protocol === 'rediss:'
  return (
    isRedis && url.hostname !== '' && /^(?:\/\d{0,3})?$/.test(url.pathname) && !/[@?#]/.test(text)
  )
}

const hostAndPort = z.string().refine((text) => /^[^\s@/]+:\d{1,5}$/.test(text), {
  error: 'host:port',
})

const shape = z.strictObject({
  store: z
    .enum(['memory', 'redis'])
    .default('memory')
    .describe(
      '`memory`: each gateway for itself. `redis`: shared, by Redis or Valkey. Default memory.',
    ),
  maxEntries: integer(1, 100_000_000, 1_000_000, 'Most claims held in memory; then 503.'),
  strict: z
    .boolean()
    .default(false)
    .describe('Claim the signature alone for servers before 1.13.5 too. Default false.'),
  coldStart: z
    .enum(['refuse', 'accept'])
    .default('refuse')
    .describe(
      'What to do with signatures made before the store remembers: before the process started, or Redis did. Default refuse.',
    ),
  url: redisUrl.optional().describe('Of Redis or Valkey, without credentials.'),
  username: z.string().min(1).optional().describe('ACL user. Default: that of the server.'),
  password: z
    .union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file })], {
      error: 'a reference, env: NAME or file: /path',
    })
    .optional()
    .describe('By reference, `env: NAME` or `file: /path`.'),
  caFile: file.optional().describe('Authorities of a rediss server, PEM. Default: the well-known.'),
  cluster: z.boolean().default(false).describe('`url` is a node of a cluster. Default false.'),
  sentinels: z
    .array(hostAndPort)
    .min(1)
    .optional()
    .describe('host:port of Sentinels that know where the server is, instead of `url`.'),
  sentinelName: z.string().min(1).optional().describe('What the Sentinels call the server.'),
  keyPrefix: z
    .string()
    .regex(/^[\x21-\x7a|~]*$/, { error: 'visible ASCII without { or }' })
    .default('inngest-gateway:')
    .describe('In front of every key. Apps of one environment share it. Default inngest-gateway:.'),
  timeoutMs: integer(
    10,
    10_000,
    250,
    'Time for a claim in Redis, or by a worker, in milliseconds; then 503.',
  ),
  whenDown: z
    .enum(['refuse', 'memory'])
    .default('refuse')
    .describe(
      'While Redis cannot be asked: `refuse` with 503, or go on with what this gateway itself remembers. Default refuse.',
    ),
})

export const replaySchema = shape
  .superRefine((replay, context) => {
    for (const [key, message] of problemsOf(replay)) {
      context.addIssue({ code: 'custom', path: [key], message })
    }
  })
  .prefault({})

export type ReplayConfig = z.output<typeof shape>

const OF_REDIS = [
  'url',
  'username',
  'password',
  'caFile',
  'sentinels',
  'sentinelName',
] as const satisfies readonly (keyof ReplayConfig)[]

function problemsOf(replay: ReplayConfig): [string, string][] {
  if (replay.store === 'memory') {
    return OF_REDIS.filter((key) => replay[key] !== undefined).map((key) => [
      key,
      'it only where store is redis',
    ])
  }
  const problems: [string, string][] = []
  const { url, sentinels, sentinelName, cluster, caFile } = replay
  if ((url === undefined) === (sentinels === undefined))
    problems.push(['url', 'either url or sentinels'])
  if ((sentinels === undefined) !== (sentinelName === undefined)) {
    problems.push(['sentinelName', 'it with sentinels, and only with them'])
  }
  if (cluster && url === undefined) problems.push(['cluster', 'url to a node of the cluster'])
  if (caFile !== undefined && url?.startsWith('rediss:') !== true) {
    problems.push(['caFile', 'it only with a rediss url'])
  }
  return problems
}

/** The replay cache: in this process, or in a Redis or Valkey that replicas and apps share. */
import { z } from 'zod'

import type { InCode } from './code-names.ts'
import { integer, milliseconds } from './values.ts'
import { redisProblems, redisShape } from './redis.ts'

const shape = z.strictObject({
  store: z
    .enum(['memory', 'redis'])
    .default('memory')
    .describe(
      '`memory`: each gateway for itself. `redis`: shared, by Redis or Valkey. Default memory.',
    ),
  maxEntries: integer(1, 100_000_000, 1_000_000, 'Most claims held in memory; then 503.'),
  coldStart: z
    .enum(['refuse', 'accept'])
    .default('refuse')
    .describe(
      'What to do with signatures made before the store remembers: before the process started, or Redis did. Default refuse.',
    ),
  ...redisShape,
  keyPrefix: z
    .string()
    .regex(/^[\x21-\x7a|~]*$/, { error: 'visible ASCII without { or }' })
    .default('inngest-gateway:')
    .describe('In front of every key. Apps of one environment share it. Default inngest-gateway:.'),
  timeout: milliseconds(
    '10ms',
    '10s',
    '250ms',
    'Time for a claim in Redis, or by a worker; then 503.',
  ),
  whenUnavailable: z
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

export type ReplayConfig = InCode<'replay', z.output<typeof shape>>

function problemsOf(replay: z.output<typeof shape>): [string, string][] {
  if (replay.store === 'redis') return redisProblems(replay)
  return Object.keys(redisShape)
    .filter((key) => key !== 'cluster' && replay[key as keyof typeof redisShape] !== undefined)
    .map((key) => [key, 'nothing unless replay.store is redis'])
}

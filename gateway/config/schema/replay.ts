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
      'Where claims are stored. `memory`: in each gateway separately. `redis`: shared through Redis or Valkey. Default memory.',
    ),
  maxEntries: integer(
    1,
    100_000_000,
    1_000_000,
    'Maximum number of claims held in memory; requests beyond it get 503.',
  ),
  coldStart: z
    .enum(['refuse', 'accept'])
    .default('refuse')
    .describe(
      'Whether to `refuse` or `accept` signatures made before the replay store started (the process, or Redis). Default refuse.',
    ),
  ...redisShape,
  keyPrefix: z
    .string()
    .regex(/^[\x21-\x7a|~]*$/, { error: 'visible ASCII without { or }' })
    .default('inngest-gateway:')
    .describe(
      'Prefix of every Redis key. Use the same prefix for all apps of one Inngest environment. Default inngest-gateway:.',
    ),
  timeout: milliseconds(
    '10ms',
    '10s',
    '250ms',
    'Maximum time to claim a signature in Redis or through another worker; slower claims get 503.',
  ),
  whenUnavailable: z
    .enum(['refuse', 'memory'])
    .default('refuse')
    .describe(
      'What to do while Redis is unavailable: `refuse` requests with 503, or use the `memory` of this gateway. Default refuse.',
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

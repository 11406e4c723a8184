/** `rollout-report --url`: reads the counts of a running gateway since its start from its status page. */
import { z } from 'zod'

import { reportableChecks } from '../admit/route-checks.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import type { RequestKind } from '../rollout/check-rows.ts'
import type { RouteSeen } from '../rollout/seen.ts'
import { readStatusOf, type RunningGatewayOptions } from './running-gateway.ts'

const count = z.number().int().min(0)
const shown = z.string().optional()

const exampleSchema = z.object({
  timeMs: z.number(),
  requestId: shown,
  remoteAddress: shown,
  clientAddress: shown,
  method: shown,
  path: shown,
  diagnosis: shown,
})

const checkSchema = z.object({
  check: z.enum([...reportableChecks, 'other']),
  requests: count,
  firstMs: z.number(),
  lastMs: z.number(),
  passed: z
    .object({ call: count, sync: count, reentry: count, request: count } satisfies Record<
      RequestKind,
      typeof count
    >)
    .partial(),
  refusals: z.array(
    z.object({
      reason: z.string(),
      count,
      strangers: count,
      refusedAnyway: count,
      firstMs: z.number(),
      lastMs: z.number(),
      examples: z.array(exampleSchema),
    }),
  ),
})

const statusSchema = z.object({
  routes: z.array(
    z.object({
      route: z.string(),
      kind: z.enum(['inngest', 'passthrough', 'durable']),
      reportMode: z.array(checkSchema),
    }),
  ),
})

/** @throws with a message that says what to do, if the status cannot be read. */
export async function readRolloutStatus(
  gateway: RunningGatewayOptions,
  env: Environment,
): Promise<readonly RouteSeen[]> {
  const { routes } = await readStatusOf(gateway, env, statusSchema)
  return routes.map(({ route, kind, reportMode }) => ({ route, policy: kind, checks: reportMode }))
}

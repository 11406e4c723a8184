/** How many processes serve on one machine, and what of its limits each of them gets. */
import { availableParallelism } from 'node:os'

import { z } from 'zod'

import type { LimitsPolicy, RoutePolicy } from '../../admit/policy.ts'

export const MAX_WORKERS = 64

export const workersSchema = z
  .union([z.literal('auto'), z.int().min(1).max(MAX_WORKERS)], {
    error: `1 to ${String(MAX_WORKERS)}, or auto`,
  })
  .default(1)
  .describe(
    `Processes that share the traffic port, the replay cache and \`limits\`. \`auto\`: one for each available processor, or fewer if \`limits.maxBufferedSize\` lacks room. 1 to ${String(MAX_WORKERS)}, or auto. Default 1.`,
  )

type WorkerLimits = Pick<LimitsPolicy, 'maxBufferedBytes' | 'maxBodyBytes'>

/** Each needs room for two of the longest bodies, so that one that is slow to come keeps out none. */
export function roomForWorkers({ maxBufferedBytes, maxBodyBytes }: WorkerLimits): number {
  return Math.floor(maxBufferedBytes / (2 * maxBodyBytes))
}

export function countWorkers(
  { workers, limits }: { readonly workers: number | 'auto'; readonly limits: WorkerLimits },
  parallelism: number = availableParallelism(),
): number {
  if (workers !== 'auto') return workers
  return Math.max(1, Math.min(parallelism, roomForWorkers(limits), MAX_WORKERS))
}

/** One of each at least. */
function partOf(total: number, workers: number): number {
  return Math.max(1, Math.floor(total / workers))
}

/** One worker's part of what the route as a whole may hold. */
export function routeShareOf(route: RoutePolicy, workers: number): RoutePolicy {
  if (route.kind !== 'durable') return route
  const { users } = route
  const { maxRequestsInFlight: most } = users
  if (most === undefined) return route
  return { ...route, users: { ...users, maxRequestsInFlight: partOf(most, workers) } }
}

/** One worker's part of what the machine as a whole may hold. */
export function shareOf(limits: LimitsPolicy, workers: number): LimitsPolicy {
  const part = (total: number) => partOf(total, workers)
  return {
    ...limits,
    maxBufferedBytes: part(limits.maxBufferedBytes),
    maxConnections: part(limits.maxConnections),
    maxConnectionsPerAddress: part(limits.maxConnectionsPerAddress),
    maxRequestsInFlight: part(limits.maxRequestsInFlight),
  }
}

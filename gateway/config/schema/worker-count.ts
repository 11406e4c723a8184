/** The number of worker processes on a machine, and the share of its limits for each of them. */
import { availableParallelism } from 'node:os'

import { z } from 'zod'

import type { LimitsPolicy, RouteLimitsPolicy, RoutePolicy } from '../../admit/policy.ts'

export const MAX_WORKERS = 64

export const workersSchema = z
  .union([z.literal('auto'), z.int().min(1).max(MAX_WORKERS)], {
    error: `1 to ${String(MAX_WORKERS)}, or auto`,
  })
  .default(1)
  .describe(
    `Processes that share the traffic port, the replay cache and \`limits\`. \`auto\`: one for each available processor, or fewer if \`limits.maxBufferedSize\` or \`routes[].limits.maxRequestsInFlight\` lacks room. 1 to ${String(MAX_WORKERS)}, or auto. Default 1.`,
  )

type WorkerLimits = Pick<LimitsPolicy, 'maxBufferedBytes' | 'maxBodyBytes'>

/** Each worker needs room for two bodies of maximum size, so that a slow one does not block all others. */
export function roomForWorkers({ maxBufferedBytes, maxBodyBytes }: WorkerLimits): number {
  return Math.floor(maxBufferedBytes / (2 * maxBodyBytes))
}

export function countWorkers(
  {
    workers,
    limits,
    routes = [],
  }: {
    readonly workers: number | 'auto'
    readonly limits: WorkerLimits
    readonly routes?: readonly RouteWithLimits[]
  },
  parallelism: number = availableParallelism(),
): number {
  if (workers !== 'auto') return workers
  const places = routes.map(placesOf)
  return Math.max(1, Math.min(parallelism, roomForWorkers(limits), MAX_WORKERS, ...places))
}

interface RouteWithLimits {
  readonly limits?: { readonly maxRequestsInFlight?: number | undefined } | undefined
}

/** Each worker needs at least one place, because the places of the route are divided. */
export function placesOf({ limits }: RouteWithLimits): number {
  return limits?.maxRequestsInFlight ?? Infinity
}

/** One of each at least. */
function partOf(total: number, workers: number): number {
  return Math.max(1, Math.floor(total / workers))
}

/** One worker's share of the limits of the route. */
export function routeShareOf(route: RoutePolicy, workers: number): RoutePolicy {
  if (route.kind === 'inngest') return { ...route, limits: limitsShareOf(route.limits, workers) }
  if (route.kind === 'passthrough') return route
  const { users } = route
  const { maxRequestsInFlight: most } = users
  if (most === undefined) return route
  return { ...route, users: { ...users, maxRequestsInFlight: partOf(most, workers) } }
}

function limitsShareOf(
  limits: RouteLimitsPolicy | undefined,
  workers: number,
): RouteLimitsPolicy | undefined {
  if (limits === undefined) return undefined
  const { maxRequestsInFlight: most, rate } = limits
  return {
    ...limits,
    maxRequestsInFlight: most === undefined ? undefined : partOf(most, workers),
    rate: rate && { perSecond: rate.perSecond / workers, burst: partOf(rate.burst, workers) },
  }
}

/** One worker's share of the limits of the machine. */
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

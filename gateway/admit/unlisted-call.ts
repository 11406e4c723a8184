/**
 * Finds refused requests that may come from an address range of Inngest that the allowlist lacks: function
 * calls that were refused for their address alone, with a fresh and well-formed signature. None of them is
 * admitted here.
 */
import { routedNetworkOf } from '../ip/routed-network.ts'
import type { Credentials } from '../inngest/signature-header.ts'
import { checkCredentials } from './checks/credentials.ts'
import { checkFreshness } from './checks/freshness.ts'
import type { Facts } from './facts.ts'
import { isSigning, type Policy, type RoutePolicy, type SigningRoutePolicy } from './policy.ts'
import { announcesBody, type RequestHead } from './request-head.ts'

export interface UnlistedCall {
  readonly route: SigningRoutePolicy
  /** The network of the client, as CIDR text. */
  readonly range: string
  readonly credentials: Credentials
  /** The last Unix second at which a copy could still be fresh. */
  readonly expiresAtSeconds: number
}

/**
 * On a durable route every request with a signature is a re-entry.
 * @param facts of a request that was refused as `client_not_allowed`.
 * @param nowMs Unix milliseconds.
 */
export function findUnlistedCall(
  head: RequestHead,
  { route, client }: Facts,
  { routes, freshness }: Policy,
  nowMs: number,
): UnlistedCall | undefined {
  if (client === undefined || route === undefined || !isSigning(route)) return undefined
  // The signature of a GET covers no body and is never claimed, so a captured one would verify without a body.
  if (head.method !== 'POST' || !announcesBody(head.rawHeaders)) return undefined
  if (!routes.every(claimsEachMac)) return undefined
  const credentials = checkCredentials(head.rawHeaders)
  if (!credentials.ok) return undefined
  const { timestampSeconds } = credentials.value
  if (!checkFreshness(timestampSeconds, freshness, nowMs).ok) return undefined
  const expiresAtSeconds =
    timestampSeconds + freshness.maxAgeSeconds + freshness.clockToleranceSeconds
  const range = routedNetworkOf(client.address)
  return { route, range, credentials: credentials.value, expiresAtSeconds }
}

/**
 * Whether the store knows the MAC of each function call that the route has admitted. If not, a captured call
 * looks unused on every route with the same key.
 */
function claimsEachMac(route: RoutePolicy): boolean {
  if (!isSigning(route)) return true
  if (route.checks.replay === 'off') return false
  return route.kind === 'durable' || !route.isServerLegacy
}

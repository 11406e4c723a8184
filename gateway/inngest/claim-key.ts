/**
 * The key under which a verified request is claimed in the replay cache. It is the MAC alone wherever Inngest
 * never makes two requests with the same signature: with an unsigned part in the key (method, host, path,
 * query), a captured signature could be used once for each value of that part. The three exceptions add what
 * distinguishes legitimate requests. The table is in docs/explanation/replay.md, "What is claimed".
 */
import { createHash } from 'node:crypto'

import type { CallParameters } from './call-parameters.ts'

/**
 * Maximum body of a trust probe that is claimed for each route. Inngest's probe has a constant body, and
 * Cloud's was not observed. Every function call is longer (the shortest recorded has 600 bytes), so that a
 * call's signature has no second key.
 */
const MAX_PROBE_BYTES = 256

export function isShortProbe(bytes: number): boolean {
  return bytes <= MAX_PROBE_BYTES
}

/** What distinguishes a route from others, also from those of other gateways that share the store. */
export interface ClaimingRoute {
  readonly name: string
  readonly host: string | undefined
  readonly path: string
  readonly serveOrigin: { readonly host: string } | undefined
}

/** Two apps that are probed in one second get the same MAC, because the body is constant. */
export function probeKey(mac: Uint8Array, route: ClaimingRoute): Uint8Array {
  const { name, host, path, serveOrigin } = route
  return compositeKey('probe', mac, [name, host, path, serveOrigin?.host])
}

/** Servers before 1.13.5 make the same signature for parallel steps; only unsigned values distinguish them. */
export function stepKey(mac: Uint8Array, { fnId, stepId }: CallParameters): Uint8Array {
  return compositeKey('step', mac, [fnId, stepId])
}

/**
 * Re-entries of durable endpoints are signed over the body that a user sent, so those of runs with the same
 * body have one MAC within a second.
 * @param ids of run, request, job and step, each as often as it was sent.
 */
export function reentryKey(mac: Uint8Array, ids: readonly (readonly string[])[]): Uint8Array {
  return compositeKey('reentry', mac, ids)
}

/** JSON has one spelling for each list of parts, so no two lists share a key. */
function compositeKey(
  kind: string,
  mac: Uint8Array,
  parts: readonly (string | null | undefined | readonly string[])[],
): Uint8Array {
  return createHash('sha256')
    .update(mac)
    .update(JSON.stringify([kind, ...parts]))
    .digest()
}

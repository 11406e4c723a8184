/**
 * What Inngest calls after an app's redirect. It repeats the call with the same signature, at the
 * place in `Location`, with the parameters of the call that came first in place of those there
 * (inngest `exechttp.go` CheckRedirect).
 */

import { canonicalAuthority, isSameAuthority } from '../ip/authority.ts'
import { callParameters } from './call-parameters.ts'

export interface CallTarget {
  readonly method: string
  /** As `Host` has it. */
  readonly host: string
  readonly path: string
  /** Raw, without `?`; empty if there is none. */
  readonly query: string
}

/** What of a query tells one target from another. */
const TELLING = ['fnId', 'stepId', 'probe', 'deployId'] as const

/** One text for each target; equal however the rest of the query is written. */
export function targetName({ method, host, path, query }: CallTarget): string {
  const { fnId, stepId, probe, deployId } = callParameters(query)
  // The scheme of either is not known: behind a proxy that ends TLS it is another one here.
  const authority = canonicalAuthority(host, undefined) ?? host
  return JSON.stringify([method, authority, path, fnId, stepId, probe, deployId])
}

/**
 * @param pinnedHost the `Host` that the app received in place of the call's, if it is pinned to one. Inngest
 * reaches that name through the proxy that the call came through, which replaces it as it did there.
 * @returns undefined if `location` leads to nothing that is called by http.
 */
export function redirectedTarget(
  call: CallTarget,
  location: string,
  pinnedHost: string | undefined,
): CallTarget | undefined {
  const url = URL.parse(location, `http://${call.host}${call.path}`)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  // By themselves: within a URL each change of them is one of all of it.
  const parameters = new URLSearchParams(url.search)
  const called = callParameters(call.query)
  for (const name of TELLING) {
    const value = called[name]
    if (value !== null) parameters.set(name, value)
  }
  // The base has no scheme that is known here, so `Host` is kept as it was where it is not named.
  const isElsewhere = /^(?:[a-z][a-z0-9+.-]*:|\/\/|\\\\)/i.test(location)
  const isPinned = pinnedHost !== undefined && isSameAuthority(url.host, pinnedHost, undefined)
  const host = isElsewhere && !isPinned ? url.host : call.host
  return { method: call.method, host, path: url.pathname, query: parameters.toString() }
}

/**
 * The target that Inngest calls after a redirect of an app. It repeats the call with the same signature at the
 * URL in `Location`, whose parameters are replaced with those of the first call (inngest `exechttp.go`
 * CheckRedirect).
 */

import { canonicalAuthority, isSameAuthority } from '../ip/authority.ts'
import { callParameters } from './call-parameters.ts'

export interface CallTarget {
  readonly method: string
  /** In the form of `Host`. */
  readonly host: string
  readonly path: string
  /** Raw, without `?`; empty if there is none. */
  readonly query: string
}

/** The parameters that distinguish one target from another. */
const TELLING = ['fnId', 'stepId', 'probe', 'deployId'] as const

/** A text that identifies the target, however the rest of the query is written. */
export function targetName({ method, host, path, query }: CallTarget): string {
  const { fnId, stepId, probe, deployId } = callParameters(query)
  // The schemes are unknown: behind a proxy that terminates TLS, the scheme here is another one.
  const authority = canonicalAuthority(host, undefined) ?? host
  return JSON.stringify([method, authority, path, fnId, stepId, probe, deployId])
}

/**
 * @param pinnedHost the `Host` that the app received in place of the call's, if it is pinned. Inngest reaches
 * that name through the same proxy, which replaces it in the same way.
 * @returns undefined if `location` is no URL that is called over HTTP.
 */
export function redirectedTarget(
  call: CallTarget,
  location: string,
  pinnedHost: string | undefined,
): CallTarget | undefined {
  const url = URL.parse(location, `http://${call.host}${call.path}`)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  // As a separate object: each change of a URL's own parameters rewrites the whole URL.
  const parameters = new URLSearchParams(url.search)
  const called = callParameters(call.query)
  for (const name of TELLING) {
    const value = called[name]
    if (value !== null) parameters.set(name, value)
  }
  // The scheme of the base is unknown here, so the original `Host` is kept if the location has none.
  const isElsewhere = /^(?:[a-z][a-z0-9+.-]*:|\/\/|\\\\)/i.test(location)
  const isPinned = pinnedHost !== undefined && isSameAuthority(url.host, pinnedHost, undefined)
  const host = isElsewhere && !isPinned ? url.host : call.host
  return { method: call.method, host, path: url.pathname, query: parameters.toString() }
}

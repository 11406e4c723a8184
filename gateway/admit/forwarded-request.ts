/** What the trusted proxies in front report about the original request of the client. */
import { fieldValues } from './request-head.ts'

/**
 * The scheme that the client used. A proxy that appends to `X-Forwarded-For` and to `X-Forwarded-Proto` appends
 * to both, so the entry for the client has the same distance from the end in both. All entries to the left of
 * it come from the client. A proxy that overwrites leaves fewer entries, and then the first one counts.
 * @param hops the number of entries of `X-Forwarded-For` after that of the client.
 */
export function forwardedScheme(rawHeaders: readonly string[], hops: number): 'http' | 'https' {
  const entries = entriesOf(rawHeaders, 'x-forwarded-proto')
  if (entries.length > 0) {
    const scheme = entries[Math.max(0, entries.length - 1 - hops)]
    // Traefik sends `wss` for the handshake of a WebSocket.
    return scheme === 'https' || scheme === 'wss' ? 'https' : 'http'
  }
  const ssl = entriesOf(rawHeaders, 'x-forwarded-ssl')
  return ssl.length > 0 && ssl.every((value) => value === 'on') ? 'https' : 'http'
}

/** The elements of all lines as one list (RFC 9110 5.3), in lower case, without empty elements. */
function entriesOf(rawHeaders: readonly string[], name: string): string[] {
  return fieldValues(rawHeaders, name)
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean)
}

/** Longer than any prefix that a proxy strips. */
const LONGEST_PREFIX = 256

/** Apps put the prefix before the paths of their links, so it must not begin a host, a query or markup. */
const PREFIX = /^(?:\/[\w~-][\w.~-]*)+\/?$/

/** @returns the path prefix that the proxies removed; undefined if there is not exactly one plain path. */
export function forwardedPrefix(rawHeaders: readonly string[]): string | undefined {
  const values = fieldValues(rawHeaders, 'x-forwarded-prefix')
  const [prefix = ''] = values
  const isPlain = values.length === 1 && prefix.length <= LONGEST_PREFIX && PREFIX.test(prefix)
  return isPlain ? prefix : undefined
}

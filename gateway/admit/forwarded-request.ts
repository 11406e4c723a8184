/** What the trusted proxies in front say about the request as their client made it. */
import { fieldValues } from './request-head.ts'

/**
 * The scheme that the client used. A proxy that appends to `X-Forwarded-For` and to `X-Forwarded-Proto`
 * appends to both, so the entry that belongs to the client's address is as far from the end. All left of
 * it is what the client sent. A proxy that overwrites leaves fewer entries, of which the first counts.
 * @param hops how many entries of `X-Forwarded-For` follow that of the client.
 */
export function forwardedScheme(rawHeaders: readonly string[], hops: number): 'http' | 'https' {
  const entries = entriesOf(rawHeaders, 'x-forwarded-proto')
  if (entries.length > 0) {
    const scheme = entries[Math.max(0, entries.length - 1 - hops)]
    // Traefik writes `wss` for the handshake of a WebSocket.
    return scheme === 'https' || scheme === 'wss' ? 'https' : 'http'
  }
  const ssl = entriesOf(rawHeaders, 'x-forwarded-ssl')
  return ssl.length > 0 && ssl.every((value) => value === 'on') ? 'https' : 'http'
}

/** Lower-case, of all lines as one list (RFC 9110 5.3), without its empty elements. */
function entriesOf(rawHeaders: readonly string[], name: string): string[] {
  return fieldValues(rawHeaders, name)
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean)
}

/** Longer than any prefix that a proxy strips. */
const LONGEST_PREFIX = 256

/** Apps put it before the paths of their links: nothing that would begin a host, a query or markup. */
const PREFIX = /^(?:\/[\w~-][\w.~-]*)+\/?$/

/** @returns the path that the proxies took off; undefined if there is not one plain path. */
export function forwardedPrefix(rawHeaders: readonly string[]): string | undefined {
  const values = fieldValues(rawHeaders, 'x-forwarded-prefix')
  const [prefix = ''] = values
  const isPlain = values.length === 1 && prefix.length <= LONGEST_PREFIX && PREFIX.test(prefix)
  return isPlain ? prefix : undefined
}

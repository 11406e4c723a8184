/**
 * Whether a request to the ops listener can be from a scraper or probe, by the name that it asks for.
 * A web page whose name has come to lead to this listener (DNS rebinding) could otherwise read metrics
 * with a visitor's browser; such a page asks for its own name, which is one on the public Internet.
 */
import { isIP } from 'node:net'

import { canonicalAuthority, parseAuthority } from '../ip/authority.ts'

/**
 * Names that nobody can register: RFC 6761, 6762, 8375, ICANN's decision of 2024-07-29 on `.internal`,
 * and Kubernetes' services with its default domain, which is below `.local`, or without.
 */
const PRIVATE = /\.(?:localhost|local|internal|svc|home\.arpa)$/

/** @param names further ones, of the configuration. */
export function isOpsHost(host: string | undefined, names: readonly string[]): boolean {
  // Browsers always send it; simple probes of HTTP/1.0 do not.
  if (host === undefined || host === '') return true
  const name = parseAuthority(host)?.host
  if (name === undefined) return false
  // A name without a dot is one of the machine, of a search domain, or of a container network.
  if (isIP(name) !== 0 || !name.includes('.') || PRIVATE.test(name)) return true
  return names.some((each) => canonicalAuthority(each, undefined) === name)
}

/** The one place where header fields are taken off, in both directions. */

/** RFC 9110 7.6.1, and what older proxies treat the same. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What the gateway writes itself, or what only a proxy may claim. */
const MANAGED_REQUEST = new Set([
  'host',
  'content-length',
  'expect',
  'forwarded',
  'via',
  'x-real-ip',
  'true-client-ip',
  'x-client-ip',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
])

const MANAGED_REQUEST_PREFIX = /^x-(?:forwarded|original|rewrite)-/

/** A name with `_` or `.` may be another field's alias to the app (CVE-2025-64484, CVE-2026-88011). */
const ALIASED = /[._]/

/** @returns name, value, name, value …: what of the sender's fields may go to the app. */
export function keepRequestFields(rawHeaders: readonly string[]): string[] {
  return keepFields(
    rawHeaders,
    (name) =>
      !ALIASED.test(name) && !MANAGED_REQUEST.has(name) && !MANAGED_REQUEST_PREFIX.test(name),
  )
}

/** @returns name, value, name, value …: what of the app's fields may go to the sender. */
export function keepResponseFields(rawHeaders: readonly string[]): string[] {
  return keepFields(rawHeaders, () => true)
}

/**
 * Threat: `Connection: close, X-Inngest-Signature` makes a hop drop the field it names (Apache
 * CVE-2022-31813). What `Connection` lists is taken off first; managed fields are written behind
 * this, so a sender cannot have them removed, and Inngest's own are never hop-by-hop.
 */
function keepFields(rawHeaders: readonly string[], mayPass: (name: string) => boolean): string[] {
  const listed = connectionListed(rawHeaders)
  const kept: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]]
    const lowerName = name.toLowerCase()
    if (HOP_BY_HOP.has(lowerName) || listed.has(lowerName) || !mayPass(lowerName)) continue
    kept.push(name, value)
  }
  return kept
}

function connectionListed(rawHeaders: readonly string[]): Set<string> {
  const listed = new Set<string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'connection') continue
    for (const token of (rawHeaders[i + 1] ?? '').split(',')) {
      const name = token.trim().toLowerCase()
      if (!name.startsWith('x-inngest-') && name !== 'x-run-id') listed.add(name)
    }
  }
  return listed
}

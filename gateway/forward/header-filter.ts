/** The one place where headers are removed, in both directions. */
import type { ExternalAuthProtocol } from '../admit/policy.ts'
import { meantName, OF_INNGEST } from '../admit/inngest-headers.ts'
import { memoizedName } from '../admit/memoized.ts'
import { fieldValues } from '../admit/request-head.ts'

/** Hop-by-hop headers: RFC 9110 7.6.1, and those that older proxies treat the same. */
const HOP_BY_HOP = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Headers of other proxies with the client's address, the requested host or the scheme. Libraries trust them
 * (npm's `request-ip`, Spring, WebLogic, IIS). They begin with a vendor's name, and the rest has few spellings.
 */
const TELLS_ADDRESS =
  /(?:^|-)(?:(?:client|real|remote|originating|origin|connecting|connection|user|proxyuser|peer|visitor|viewer|src|source|socket|caller|from|trusted|true|external|proxy)-?ip(?:v[46])?(?:-?addr(?:ess)?)?|(?:client|remote|peer|real|viewer|external|socket|source|src|caller)-?(?:addr|address|port)|remote-host|pseudo-ipv[46])$/

/** Only as whole names: many unrelated names end with these words. */
const IS_ADDRESS = /^(?:x-)?ip(?:v[46])?(?:-?addr(?:ess)?)?$/

/** The words after `forwarded`, with the name of any vendor in front. */
const TELLS_FORWARDED =
  /(?:^|-)forwarded-(?:by|for|host|ip|method|path|port|prefix|proto|protocol|scheme|server|ssl|uri|url)(?:-ip)?$/

const TELLS_HOST =
  /^x-(?:http-)?host(?:-override)?$|^(?:x-)?(?:backend|client|external|front-?end|gateway|origin|proxy|public|real|requested|request|viewer)-host$/

const TELLS_SCHEME =
  /^x-(?:scheme|proto|https|ssl)$|^https$|^(?:x-)?(?:(?:client|external|front-?end|gateway|http|origin|proxy|real|request|uri|url|viewer)-(?:scheme|proto|https|ssl)|(?:appengine|arr)-(?:https|ssl))$/

const TELLS = [TELLS_ADDRESS, IS_ADDRESS, TELLS_FORWARDED, TELLS_HOST, TELLS_SCHEME]

/** Headers that the asking proxy removes or sets itself, and harmless ones that may stay. */
const OF_PROXY: Record<ExternalAuthProtocol, ReadonlySet<string>> = {
  // Envoy removes the others if the response to its authorization request names them.
  ext_authz: new Set([
    ...HOP_BY_HOP,
    'host',
    'content-length',
    'x-request-id',
    'x-forwarded-for',
    'x-forwarded-proto',
  ]),
  // Traefik removes only those that a client sent, at its entry point (`forwarded_header.go`).
  forward_auth: new Set([
    ...HOP_BY_HOP,
    'host',
    'content-length',
    'expect',
    'via',
    'x-request-id',
    'x-real-ip',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-method',
    'x-forwarded-port',
    'x-forwarded-prefix',
    'x-forwarded-proto',
    'x-forwarded-server',
    'x-forwarded-tls-client-cert',
    'x-forwarded-tls-client-cert-info',
    'x-forwarded-uri',
  ]),
}

/** Headers that the gateway writes itself, or that only a proxy may set. */
const MANAGED = new Set([
  'host',
  'content-length',
  'expect',
  'forwarded',
  'via',
  'x-request-id',
  // Some CGI apps read it as their own proxy setting (CVE-2016-5385).
  'proxy',
  // Cloudflare's header for the scheme.
  'cf-visitor',
])

/** Some frameworks route by these headers in place of the request's method. */
const OVERRIDES = new Set(['x-http-method-override', 'x-http-method', 'x-method-override'])

/** Never forwarded to the app, verified or not. */
const NEVER_PASSED = new Set([...HOP_BY_HOP, ...MANAGED, ...OVERRIDES])

const NEVER_PASSED_PREFIX = /^x-(?:forwarded|original|rewrite)(?:-|$)/

/** To the app, a name with another character may be an alias of another header (`meantName`). */
const ALIASED = /[^a-z0-9-]/

/** @returns name, value, name, value …: the headers of a verified request that are forwarded. */
export function keepRequestFields(rawHeaders: readonly string[]): string[] {
  return keepFields(rawHeaders, passedFromVerified)
}

/** The same for an unverified request: also without all headers of Inngest, in any spelling. */
export function keepPassthroughFields(rawHeaders: readonly string[]): string[] {
  return keepFields(rawHeaders, passedFromAnybody)
}

/**
 * @param isBodiless the response has no body, and no length of one (RFC 9110 8.6).
 * @returns name, value, name, value …: the headers of the app's response that are forwarded.
 */
export function keepResponseFields(rawHeaders: readonly string[], isBodiless: boolean): string[] {
  return keepFields(rawHeaders, isBodiless ? passedWithoutBody : passedFromApp)
}

/** @returns the name as sent; empty if the header is not forwarded. */
type PassedName = (name: string) => string

const passedFromVerified = passedIf((name) => !ALIASED.test(name) && !isNeverPassed(name))

/** The app's own headers may have `_` or `.` in their names. */
const passedFromAnybody = passedIf((name) => {
  const meant = meantName(name)
  return !isNeverPassed(meant) && !OF_INNGEST.test(meant) && name !== '__proto__'
})

const passedFromApp = passedIf((name) => !HOP_BY_HOP.has(name))

const passedWithoutBody = passedIf((name) => !HOP_BY_HOP.has(name) && name !== 'content-length')

function passedIf(mayPass: (lowerName: string) => boolean): PassedName {
  return memoizedName((name) => (mayPass(name.toLowerCase()) ? name : ''))
}

/**
 * The headers that a proxy must remove from a request that it forwards itself after asking the gateway.
 * @returns lower-case names: all that the gateway would not forward, except those that the proxy handles.
 */
export function fieldsToRemove(
  rawHeaders: readonly string[],
  isVerified: boolean,
  protocol: ExternalAuthProtocol,
): string[] {
  const kept = isVerified ? keepRequestFields(rawHeaders) : keepPassthroughFields(rawHeaders)
  const keptNames = new Set(kept.map((name, i) => (i % 2 === 0 ? name.toLowerCase() : '')))
  const sent = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
  const ofProxy = OF_PROXY[protocol]
  return [...new Set(sent)].filter((name) => !keptNames.has(name) && !ofProxy.has(name))
}

function isNeverPassed(name: string): boolean {
  return (
    NEVER_PASSED.has(name) ||
    NEVER_PASSED_PREFIX.test(name) ||
    TELLS.some((pattern) => pattern.test(name))
  )
}

/**
 * A client must not be able to remove headers by naming them in `Connection` (Apache CVE-2022-31813). The
 * headers that `Connection` names are removed first and the managed ones are written afterwards, so a sender
 * cannot remove those. Inngest's own headers are never hop-by-hop.
 */
function keepFields(rawHeaders: readonly string[], passedName: PassedName): string[] {
  const listed = connectionListed(fieldValues(rawHeaders, 'connection'))
  const kept: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = passedName(rawHeaders[i] ?? '')
    if (name === '' || (listed.size > 0 && listed.has(name.toLowerCase()))) continue
    kept.push(name, rawHeaders[i + 1] ?? '')
  }
  return kept
}

/** Headers that are needed to read a response. `Connection` must not remove them. */
const NEVER_LISTED = new Set(['content-length', 'content-type', 'content-encoding', 'location'])

const NONE_LISTED: ReadonlySet<string> = new Set()

/** The values of `Connection` in nearly every message; no header has such a name. */
const OF_CONNECTION = /^(?:keep-alive|close)$/i

function connectionListed(values: readonly string[]): ReadonlySet<string> {
  if (values.every((value) => OF_CONNECTION.test(value))) return NONE_LISTED
  const names = values.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase())
  return new Set(names.filter((name) => !OF_INNGEST.test(name) && !NEVER_LISTED.has(name)))
}

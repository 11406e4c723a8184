/** The one place where header fields are taken off, in both directions. */
import type { ExternalAuthProtocol } from '../admit/policy.ts'
import { meantName, OF_INNGEST } from '../admit/inngest-headers.ts'
import { memoizedName } from '../admit/memoized.ts'
import { fieldValues } from '../admit/request-head.ts'

/** RFC 9110 7.6.1, and what older proxies treat the same. */
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
 * Headers of other proxies that name the client, the requested host or the scheme, and that libraries
 * believe (npm's `request-ip`, Spring, WebLogic, IIS). Vendors put their name in front and spell the rest
 * in few ways.
 */
const TELLS_ADDRESS =
  /(?:^|-)(?:(?:client|real|remote|originating|origin|connecting|connection|user|proxyuser|peer|visitor|viewer|src|source|socket|caller|from|trusted|true|external|proxy)-?ip(?:v[46])?(?:-?addr(?:ess)?)?|(?:client|remote|peer|real|viewer|external|socket|source|src|caller)-?(?:addr|address|port)|remote-host|pseudo-ipv[46])$/

/** The bare words, which are too common to end other names with. */
const IS_ADDRESS = /^(?:x-)?ip(?:v[46])?(?:-?addr(?:ess)?)?$/

/** The words behind `forwarded`, whoever it is that says so. */
const TELLS_FORWARDED =
  /(?:^|-)forwarded-(?:by|for|host|ip|method|path|port|prefix|proto|protocol|scheme|server|ssl|uri|url)(?:-ip)?$/

const TELLS_HOST =
  /^x-(?:http-)?host(?:-override)?$|^(?:x-)?(?:backend|client|external|front-?end|gateway|origin|proxy|public|real|requested|request|viewer)-host$/

const TELLS_SCHEME =
  /^x-(?:scheme|proto|https|ssl)$|^https$|^(?:x-)?(?:(?:client|external|front-?end|gateway|http|origin|proxy|real|request|uri|url|viewer)-(?:scheme|proto|https|ssl)|(?:appengine|arr)-(?:https|ssl))$/

const TELLS = [TELLS_ADDRESS, IS_ADDRESS, TELLS_FORWARDED, TELLS_HOST, TELLS_SCHEME]

/** What a proxy that asks sees to itself, or what may stay on since no app goes by it. */
const OF_PROXY: Record<ExternalAuthProtocol, ReadonlySet<string>> = {
  // Envoy takes off the rest at an answer's word.
  ext_authz: new Set([
    ...HOP_BY_HOP,
    'host',
    'content-length',
    'x-request-id',
    'x-forwarded-for',
    'x-forwarded-proto',
  ]),
  // Traefik takes a client's own off at its entry point (`forwarded_header.go`), and nothing else.
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

/** What the gateway writes itself, or what only a proxy may claim. */
const MANAGED = new Set([
  'host',
  'content-length',
  'expect',
  'forwarded',
  'via',
  'x-request-id',
  // Some apps take it for their own setting (CVE-2016-5385).
  'proxy',
  // Cloudflare's word for the scheme.
  'cf-visitor',
])

/** Frameworks route by these as if they were the request line. */
const OVERRIDES = new Set(['x-http-method-override', 'x-http-method', 'x-method-override'])

/** From a sender to the app, verified or not. */
const NEVER_PASSED = new Set([...HOP_BY_HOP, ...MANAGED, ...OVERRIDES])

const NEVER_PASSED_PREFIX = /^x-(?:forwarded|original|rewrite)(?:-|$)/

/** A name with another character may be another field's alias to the app (`meantName`). */
const ALIASED = /[^a-z0-9-]/

/** @returns name, value, name, value …: what of a verified sender's fields may go to the app. */
export function keepRequestFields(rawHeaders: readonly string[]): string[] {
  return keepFields(rawHeaders, passedFromVerified)
}

/** The same for a request that nobody verified: nothing that speaks as Inngest, in any spelling. */
export function keepPassthroughFields(rawHeaders: readonly string[]): string[] {
  return keepFields(rawHeaders, passedFromAnybody)
}

/**
 * @param isBodiless the response has no body, and no length of one (RFC 9110 8.6).
 * @returns name, value, name, value …: what of the app's fields may go to the client.
 */
export function keepResponseFields(rawHeaders: readonly string[], isBodiless: boolean): string[] {
  return keepFields(rawHeaders, isBodiless ? passedWithoutBody : passedFromApp)
}

/** The name as sent; empty if such a field is not passed on. */
type PassedName = (name: string) => string

const passedFromVerified = passedIf((name) => !ALIASED.test(name) && !isNeverPassed(name))

/** The app's own fields may have `_` or `.` in their names. */
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
 * What a proxy that only asks has to take off a request that it passes on itself.
 * @returns lower-case names of all that is not passed on inline, but for what the proxy sees to.
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
 * A client must not have headers dropped by naming them in `Connection` (Apache CVE-2022-31813). What `Connection` lists is taken off first; managed fields are written behind
 * this, so a sender cannot have them removed, and Inngest's own are never hop-by-hop.
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

/** What an answer needs in order to be read: a hop must not be talked out of it. */
const NEVER_LISTED = new Set(['content-length', 'content-type', 'content-encoding', 'location'])

const NONE_LISTED: ReadonlySet<string> = new Set()

/** What nearly every message has there, and no header is named so. */
const OF_CONNECTION = /^(?:keep-alive|close)$/i

function connectionListed(values: readonly string[]): ReadonlySet<string> {
  if (values.every((value) => OF_CONNECTION.test(value))) return NONE_LISTED
  const names = values.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase())
  return new Set(names.filter((name) => !OF_INNGEST.test(name) && !NEVER_LISTED.has(name)))
}

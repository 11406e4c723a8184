/**
 * Checks that a sync (PUT) is for this route. Inngest sends `{"url": …}` with the URL that it has for the app,
 * and an SDK registers the app under it. Several apps may share one signing key, and the signature does not say
 * which of them the sync is for, but the URL in the body does.
 */
import type { Body } from '../../inngest/body.ts'
import { canonicalizeJson, maxInlineBytes } from '../../inngest/jcs/canonical-json.ts'
import { memberText } from '../../inngest/jcs/canonical-member.ts'
import { isSpelledOneWay, KnownNames } from '../../inngest/known-names.ts'
import type { InngestRoutePolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { canonicalAuthority } from '../../ip/authority.ts'
import { fieldValues, type RequestHead } from '../request-head.ts'

export function checkSyncBody(body: Body): Verdict<undefined> {
  return body.byteLength === 0 ? refuse('sync_body_missing') : pass(undefined)
}

/** The URL as written. The URL class would normalize parts that another parser may leave unchanged. */
export interface SyncUrl {
  /** In lower case. */
  readonly scheme: string
  /** In the form of `canonicalAuthority` without a scheme; undefined if it is invalid. */
  readonly authority: string | undefined
  readonly path: string
}

/** @returns undefined if the body has no `url` that is an absolute URL. */
export function readSyncUrl(body: Body): SyncUrl | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/i.exec(urlOf(body) ?? '')
  if (match === null) return undefined
  const [, scheme = '', authority = '', path = ''] = match
  return {
    scheme: scheme.toLowerCase(),
    // Without the scheme, because a proxy in front may terminate TLS.
    authority: canonicalAuthority(authority, undefined),
    path: path || '/',
  }
}

/** The path of the URL must be that of the route, and its authority one of the route's, if the route has any. */
export function checkSyncUrl(
  url: SyncUrl | undefined,
  { path, syncAuthorities }: Pick<InngestRoutePolicy, 'path' | 'syncAuthorities'>,
): Verdict<undefined> {
  if (url?.authority === undefined) return refuse('sync_url_mismatch')
  const isOurs = syncAuthorities.size === 0 || syncAuthorities.has(url.authority)
  return isOurs && url.path === path ? pass(undefined) : refuse('sync_url_mismatch')
}

/**
 * The origin that an app registered, if it differs from `serveOrigin` only in the scheme: most adapters of the
 * SDKs do not read `X-Forwarded-Proto` and register `http`.
 */
export function originOfOtherScheme(
  url: SyncUrl | undefined,
  { serveOrigin }: Pick<InngestRoutePolicy, 'serveOrigin'>,
): string | undefined {
  if (url?.authority === undefined || serveOrigin === undefined) return undefined
  const isSameHost = url.authority === canonicalAuthority(serveOrigin.host, undefined)
  const isOther = isSameHost && url.scheme !== serveOrigin.protocol
  return isOther ? `${url.scheme}://${url.authority}` : undefined
}

/** Maximum body of a sync without a signature. A URL is at most half as long. */
export const maxUnsignedSyncBytes = 4096

/**
 * The body of an unsigned sync must be `{"url": "…"}` in JSON and nothing else. The effect of another member or
 * media type on an app (a method override, for example) is unknown.
 */
export function checkUnsignedSync({ rawHeaders }: RequestHead, body: Body): Verdict<undefined> {
  const [type = '', ...others] = fieldValues(rawHeaders, 'content-type')
  const isJson = others.length === 0 && /^application\/json(?:;|$)/i.test(type.replaceAll(' ', ''))
  return isJson && hasUrlOnly(body) ? pass(undefined) : refuse('sync_body_unexpected')
}

function hasUrlOnly(body: Body): boolean {
  const canonical = canonicalOf(body)
  if (canonical === undefined) return false
  const url = urlTextOf(canonical)
  return url !== undefined && Buffer.from(canonical).toString('utf8') === `{"url":${url}}`
}

function urlOf(body: Body): string | undefined {
  const canonical = canonicalOf(body)
  const text = canonical && urlTextOf(canonical)
  return text === undefined ? undefined : (JSON.parse(text) as string)
}

const KNOWN = { body: new KnownNames(['url']), ctx: new KnownNames([]) }

/**
 * @returns the `url` as JSON; undefined if it is missing, not a string, or one of several spellings of that
 * name.
 */
function urlTextOf(canonical: Uint8Array): string | undefined {
  if (!isSpelledOneWay(canonical, KNOWN)) return undefined
  const reading = memberText(canonical, ['url'])
  return reading !== 'unknown' && reading.text?.startsWith('"') === true ? reading.text : undefined
}

/** @returns undefined also if it is longer than any sync. */
function canonicalOf(body: Body): Uint8Array | undefined {
  return body.byteLength > maxInlineBytes ? undefined : canonicalizeJson(body.whole())
}

/** Converts Config to Settings: addresses parsed, keys read, routes compared with each other. */
import { createHash } from 'node:crypto'

import { AddressRanges, parseRange, type AddressRange } from '../ip/address-ranges.ts'
import { canonicalAuthority } from '../ip/authority.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import {
  isSigning,
  type InngestRoutePolicy,
  type Policy,
  type RouteLimitsPolicy,
  type RoutePolicy,
  type ServeOrigin,
  type SigningRoutePolicy,
  type UpstreamTlsPolicy,
} from '../admit/policy.ts'
import { mergeModes } from './schema/checks.ts'
import { compileEncryption } from './schema/encryption.ts'
import { readPublishedRanges } from '../ranges/bundled-ranges.ts'
import type { ListenerTls, ReplayTls, TlsMaterial } from './read/read-tls.ts'
import type { RouteConfig } from './schema/route.ts'
import { parseRate } from './schema/route-limits.ts'
import { inngestKeyword, type Config } from './schema/config.ts'
import type { Secrets } from './read/secrets.ts'
import { parseServeOrigin, parseUpstream } from './origin.ts'
import { adoptResign, resignOf } from './resign.ts'
import { appIdsOf, appsOf, pairScopes } from './served-apps.ts'
import type { StatusToken } from './read/status-token.ts'

/** Everything that a running gateway needs. */
export interface Settings {
  readonly policy: Policy
  readonly config: Config
  /** The source of each range in the allowlist. */
  readonly allowlistSources: readonly AllowlistSource[]
  /** PEM; see TlsMaterial. */
  readonly rangesCa: string | undefined
  readonly replaySecrets: ReplaySecrets
  /** Undefined if the status page is off, or needs no token. */
  readonly statusToken: StatusToken | undefined
  /** Undefined for plain HTTP. */
  readonly listenerTls: ListenerTls | undefined
  /** Hash of the configuration with its defaults, so that replicas can be compared. */
  readonly fingerprint: string
}

export interface ReplaySecrets extends ReplayTls {
  readonly password: string | undefined
  readonly sentinelPassword: string | undefined
}

export interface AllowlistSource {
  readonly source: 'inngest' | 'config'
  readonly ranges: AddressRanges
}

/** Values from the environment for a single Inngest route that does not set them. */
export interface RouteDefaults {
  readonly path: string
  readonly serveOrigin: string | undefined
}

/** In the order of `config.routes`. */
export interface KeysOfRoutes {
  readonly signing: readonly (readonly SigningKey[])[]
  /** The key of `resignWith`; undefined for a route without one. */
  readonly resign: readonly (SigningKey | undefined)[]
}

export function compileSettings(
  config: Config,
  keys: KeysOfRoutes,
  tls: TlsMaterial,
  { replayPassword, sentinelPassword, statusToken }: Secrets,
  defaults: RouteDefaults,
): Settings {
  const listsInngest = config.allowlist.includes(inngestKeyword)
  const published = listsInngest ? readPublishedRanges() : []
  const own = parseRanges(config.allowlist.filter((entry) => entry !== inngestKeyword))
  const appIds = appIdsOf(config.routes)
  const scopes = pairScopes(config.routes, keys.signing)
  const policy: Policy = {
    routes: config.routes.map((route, i) => {
      const own = keysOf(i, keys)
      const apps = { apps: appsOf(route, appIds), pairScope: scopes[i] ?? route.name }
      return compileRoute(route, own, tls.upstreams[i] ?? {}, { ...defaults, ...apps }, config)
    }),
    allowlist: AddressRanges.compile([...published, ...own]),
    trustedProxies: rangesOf(config.trustedProxies),
    speaksProxyProtocol: config.listen.proxyProtocol,
    freshness: config.freshness,
    limits: config.limits,
  }
  const allowlistSources = sourcesOf(published, own)
  const fingerprint = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 12)
  const { listener: listenerTls, rangesCa, replay } = tls
  const replaySecrets = redacted({ password: replayPassword, sentinelPassword, ...replay })
  const read = { rangesCa, replaySecrets, listenerTls, statusToken }
  return Object.freeze({ policy, config, allowlistSources, ...read, fingerprint })
}

/** Prevents accidental printing. */
function redacted(secrets: ReplaySecrets): ReplaySecrets {
  Object.defineProperty(secrets, 'toJSON', { value: () => '[redacted]' })
  return secrets
}

/** The same settings, with these ranges in place of `inngest` in the allowlist. */
export function allowPublished(settings: Settings, published: readonly AddressRange[]): Settings {
  const own = settings.allowlistSources.flatMap(({ source, ranges }) =>
    source === 'config' ? ranges.ranges : [],
  )
  const policy = { ...settings.policy, allowlist: AddressRanges.compile([...published, ...own]) }
  return Object.freeze({ ...settings, policy, allowlistSources: sourcesOf(published, own) })
}

function sourcesOf(
  published: readonly AddressRange[],
  own: readonly AddressRange[],
): AllowlistSource[] {
  return [
    { source: 'inngest', ranges: AddressRanges.compile(published) },
    { source: 'config', ranges: AddressRanges.compile(own) },
  ]
}

/**
 * The same settings, with the key objects of `running` for equal keys of a route, so that the recorded facts
 * about a key are kept.
 */
export function adoptKeys(settings: Settings, running: Settings): Settings {
  const routes = settings.policy.routes.map((route) => {
    const before = running.policy.routes.find(({ name }) => name === route.name)
    if (before === undefined || !isSigning(route) || !isSigning(before)) return route
    const signingKeys = route.signingKeys.map(
      (key) => before.signingKeys.find((known) => known.equals(key)) ?? key,
    )
    return Object.freeze({ ...route, signingKeys, resign: adoptResign(route, before) })
  })
  return Object.freeze({ ...settings, policy: { ...settings.policy, routes } })
}

type RouteKeys = Pick<SigningRoutePolicy, 'signingKeys' | 'otherKeys' | 'resign'>

/** The parts of an Inngest route that depend on values outside it. */
type Surroundings = RouteDefaults & Pick<InngestRoutePolicy, 'apps' | 'pairScope'>

function compileRoute(
  route: RouteConfig,
  keys: RouteKeys,
  tls: UpstreamTlsPolicy,
  around: Surroundings,
  { checks, limits }: Config,
): RoutePolicy {
  const upstream = parseUpstream(route.upstream)
  if (upstream === undefined) throw unchecked(route)
  const { name, policy: kind } = route
  const base = {
    name,
    checks: mergeModes(checks, route.checks),
    host: route.host === undefined ? undefined : canonicalAuthority(route.host, undefined),
    upstream: { ...upstream, tls },
  }
  if (kind === 'inngest') {
    return Object.freeze({ ...base, kind, ...compileInngest(route, keys, around) })
  }
  const serveOrigin = parseOptional(route.serveOrigin)
  const path = route.path ?? '/'
  const allowlist = route.allowlist && rangesOf(route.allowlist)
  if (kind === 'passthrough') return Object.freeze({ ...base, kind, path, serveOrigin, allowlist })
  const host = base.host ?? (serveOrigin && canonicalAuthority(serveOrigin.host, undefined))
  if (host === undefined || keys.signingKeys.length === 0) throw unchecked(route)
  const { maxBodySize: maxBodyBytes = limits.maxBodyBytes, maxRequestsInFlight } = route
  const users = { allowlist, maxBodyBytes, maxRequestsInFlight }
  return Object.freeze({ ...base, kind, path, host, serveOrigin, ...keys, users })
}

type OfInngest =
  | 'path'
  | 'serveOrigin'
  | keyof RouteKeys
  | 'apps'
  | 'pairScope'
  | 'introspection'
  | 'syncAuthorities'
  | 'isServerLegacy'
  | 'unsigned'
  | 'limits'
  | 'encryption'

function compileInngest(
  route: RouteConfig,
  keys: RouteKeys,
  around: Surroundings,
): Pick<InngestRoutePolicy, OfInngest> {
  if (keys.signingKeys.length === 0) throw unchecked(route)
  const { unsignedGet, unsignedPut, introspection } = route
  const serveOrigin = parseOptional(route.serveOrigin ?? around.serveOrigin)
  return {
    path: route.path ?? around.path,
    serveOrigin,
    ...keys,
    apps: around.apps,
    pairScope: around.pairScope,
    introspection,
    syncAuthorities: syncAuthoritiesOf(route, serveOrigin),
    isServerLegacy: route.legacyServer,
    encryption: compileEncryption(route),
    unsigned: {
      GET: rangesOf(unsignedGet === 'deny' ? [] : unsignedGet.allowFrom),
      PUT: rangesOf(unsignedPut === 'deny' ? [] : unsignedPut.allowFrom),
    },
    limits: route.limits && compileLimits(route.limits),
  }
}

function compileLimits({
  maxRequestsInFlight,
  rate,
  maxWait: maxWaitMs,
}: NonNullable<RouteConfig['limits']>): RouteLimitsPolicy {
  return { maxRequestsInFlight, rate: rate === undefined ? undefined : parseRate(rate), maxWaitMs }
}

/** Without a scheme, because the URL of a sync is compared without it: a proxy in front may terminate TLS. */
function syncAuthoritiesOf(
  { host, syncAuthorities = [] }: RouteConfig,
  serveOrigin: ServeOrigin | undefined,
): ReadonlySet<string> {
  const named = [host, serveOrigin?.host, ...syncAuthorities].filter((text) => text !== undefined)
  return new Set(
    named.map((text) => canonicalAuthority(text, undefined)).filter((text) => text !== undefined),
  )
}

function keysOf(route: number, { signing, resign }: KeysOfRoutes): RouteKeys {
  const signingKeys = signing[route] ?? []
  const all = [...signing.flat(), ...resign.filter((key) => key !== undefined)]
  const otherKeys = otherKeysOf(signingKeys, all)
  return { signingKeys, otherKeys, resign: resignOf(resign[route], signingKeys) }
}

function otherKeysOf(own: readonly SigningKey[], all: readonly SigningKey[]): SigningKey[] {
  const seen = [...own]
  const others: SigningKey[] = []
  for (const key of all) {
    if (seen.some((known) => known.isSameKey(key))) continue
    seen.push(key)
    others.push(key)
  }
  return others
}

function unchecked({ name }: RouteConfig): Error {
  return new Error(`route ${name} was compiled without having been checked`)
}

function parseOptional(serveOrigin: string | undefined): ServeOrigin | undefined {
  return serveOrigin === undefined ? undefined : parseServeOrigin(serveOrigin)
}

function rangesOf(texts: readonly string[]): AddressRanges {
  return AddressRanges.compile(parseRanges(texts))
}

function parseRanges(texts: readonly string[]): AddressRange[] {
  return texts.flatMap((text) => {
    const reading = parseRange(text)
    return reading.ok ? [reading.range] : []
  })
}

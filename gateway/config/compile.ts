/** Config to Settings: addresses parsed, keys read, routes held against each other. */
import { AddressRanges, parseRange, type AddressRange } from '../checks/address-ranges.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import type { Policy, RoutePolicy } from '../policy.ts'
import { readPublishedRanges } from './published-ranges.ts'
import { inngestKeyword, type Config, type RouteConfig } from './schema.ts'
import { parseServeOrigin } from './serve-origin.ts'
import { parseUpstream } from './upstream.ts'

/** Everything a running gateway needs to know. */
export interface Settings {
  readonly policy: Policy
  readonly config: Config
  /** How many ranges came from where, for the metrics. */
  readonly allowlistSources: readonly AllowlistSource[]
}

export interface AllowlistSource {
  readonly source: 'inngest' | 'config'
  readonly ranges: AddressRanges
}

/** What the environment adds to a single route that leaves it out. */
export interface RouteDefaults {
  readonly path: string
  readonly serveOrigin: string | undefined
}

/** @param keys the signing keys of each route, in the order of `config.routes`. */
export function compileSettings(
  config: Config,
  keys: readonly (readonly SigningKey[])[],
  defaults: RouteDefaults,
): Settings {
  const listsInngest = config.allowlist.includes(inngestKeyword)
  const published = listsInngest ? readPublishedRanges() : []
  const own = parseRanges(config.allowlist.filter((entry) => entry !== inngestKeyword))
  const policy: Policy = {
    routes: config.routes.map((route, i) => compileRoute(route, keys[i] ?? [], defaults)),
    allowlist: AddressRanges.compile([...published, ...own]),
    trustedProxies: AddressRanges.compile(parseRanges(config.trustedProxies)),
    freshness: config.freshness,
    replay: { strict: config.replay.strict },
    limits: config.limits,
  }
  const allowlistSources: AllowlistSource[] = [
    { source: 'inngest', ranges: AddressRanges.compile(published) },
    { source: 'config', ranges: AddressRanges.compile(own) },
  ]
  return Object.freeze({ policy, config, allowlistSources })
}

function compileRoute(
  route: RouteConfig,
  signingKeys: readonly SigningKey[],
  defaults: RouteDefaults,
): RoutePolicy {
  const upstream = parseUpstream(route.upstream)
  if (upstream === undefined || signingKeys.length === 0) {
    throw new Error(`route ${route.name} was compiled without having been checked`)
  }
  const serveOrigin = route.serveOrigin ?? defaults.serveOrigin
  return Object.freeze({
    name: route.name,
    host: route.host?.toLowerCase(),
    path: route.path ?? defaults.path,
    upstream,
    signingKeys,
    serveOrigin: serveOrigin === undefined ? undefined : parseServeOrigin(serveOrigin),
  })
}

function parseRanges(texts: readonly string[]): AddressRange[] {
  return texts.flatMap((text) => {
    const reading = parseRange(text)
    return reading.ok ? [reading.range] : []
  })
}

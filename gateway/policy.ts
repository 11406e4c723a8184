/**
 * The configuration as the request path sees it: addresses parsed, keys decoded, routes indexed.
 * config/compile.ts makes it; nothing in it changes afterwards.
 */
import type { AddressRanges } from './checks/address-ranges.ts'
import type { SigningKey } from './inngest/signing-key.ts'

export interface Policy {
  readonly routes: readonly RoutePolicy[]
  /** Whose client addresses are let in. Empty admits nobody. */
  readonly allowlist: AddressRanges
  /** Peers whose `X-Forwarded-For` is believed. Empty believes nobody. */
  readonly trustedProxies: AddressRanges
  readonly freshness: FreshnessPolicy
  readonly replay: ReplayPolicy
  readonly limits: LimitsPolicy
}

export interface RoutePolicy {
  /** Label in metrics and logs; unique. */
  readonly name: string
  /** Lower-case `Host` that the request must carry, port included if it has one; undefined matches any. */
  readonly host: string | undefined
  /** The exact raw path, without a query. */
  readonly path: string
  readonly upstream: UpstreamPolicy
  /** Tried in order. Never empty. */
  readonly signingKeys: readonly SigningKey[]
  /** What `Host` and `X-Forwarded-Proto` are pinned to; undefined keeps what was sent. */
  readonly serveOrigin: ServeOrigin | undefined
}

export interface UpstreamPolicy {
  /** `http://host:port` or `https://host:port`; for a unix socket `http://localhost`. */
  readonly origin: string
  /** Path of the unix socket to connect to instead of the origin's host. */
  readonly socketPath: string | undefined
}

export interface ServeOrigin {
  readonly protocol: 'http' | 'https'
  /** Host with the port, if it has one, as `Host` carries it. */
  readonly host: string
}

export interface FreshnessPolicy {
  /** Oldest acceptable signature, in seconds. */
  readonly maxAgeSeconds: number
  /** How far ahead of this clock a signature may be, in seconds. */
  readonly clockToleranceSeconds: number
}

export interface ReplayPolicy {
  /** Claim the MAC alone for servers too old to put an id of their own into the signed body. */
  readonly strict: boolean
}

export interface LimitsPolicy {
  readonly maxBodyBytes: number
  readonly bodyTimeoutMs: number
}

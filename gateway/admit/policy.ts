/**
 * The configuration as the request path sees it: addresses parsed, keys read, defaults filled in.
 * config/compile.ts makes it; nothing in it changes afterwards.
 */
import type { AddressRanges } from '../ip/address-ranges.ts'
import type { PayloadRules } from '../inngest/payload-encryption.ts'
import type { SigningKey } from '../inngest/signing-key.ts'

export interface Policy {
  readonly routes: readonly RoutePolicy[]
  /** Whose client addresses are let in. Empty admits nobody. */
  readonly allowlist: AddressRanges
  /** Peers whose `X-Forwarded-For` is believed. Empty believes nobody. */
  readonly trustedProxies: AddressRanges
  /** Trusted peers speak the PROXY protocol, so that what HTTP they pass on is their client's. */
  readonly speaksProxyProtocol: boolean
  readonly freshness: FreshnessPolicy
  readonly limits: LimitsPolicy
}

export type RoutePolicy = InngestRoutePolicy | PassthroughRoutePolicy | DurableRoutePolicy

/** Routes on which a signature is verified. */
export type SigningRoutePolicy = InngestRoutePolicy | DurableRoutePolicy

export function isSigning(route: RoutePolicy): route is SigningRoutePolicy {
  return route.kind !== 'passthrough'
}

/** `report` lets a request go on and notes what would have been refused; `off` does not look. */
export type CheckMode = 'enforce' | 'report' | 'off'

/** What a route may look at without enforcing it, in the order of the checks. */
export const moderatedChecks = [
  'method',
  'allowlist',
  'signature',
  'syncBody',
  'syncUrl',
  'app',
  'runId',
  'callIds',
  'functionId',
  'freshness',
  'replay',
] as const

export type ModeratedCheck = (typeof moderatedChecks)[number]

export type CheckModes = Readonly<Record<ModeratedCheck, CheckMode>>

/**
 * The mode of each check that the configuration does not mention. `report` is for a check whose
 * refusals have not been observed with enough servers to be sure that each one is right.
 */
export const defaultModes: CheckModes = {
  method: 'enforce',
  allowlist: 'enforce',
  signature: 'enforce',
  // Cloud's out-of-band sync has not been observed.
  syncBody: 'report',
  syncUrl: 'report',
  // Only on a route with `apps`, of which the operator knows what they are called.
  app: 'enforce',
  runId: 'enforce',
  // Observed with one version of the server only.
  callIds: 'report',
  // What is learned can be wrong, and only the operator can judge that.
  functionId: 'report',
  freshness: 'enforce',
  replay: 'enforce',
}

interface RouteBase {
  /** Label in metrics and logs; unique. */
  readonly name: string
  readonly checks: CheckModes
  /** `Host` that the request must carry, as `canonicalAuthority` spells it; undefined matches any. */
  readonly host: string | undefined
  readonly upstream: UpstreamPolicy
  /** What `Host` and `X-Forwarded-Proto` are pinned to; undefined keeps what was sent. */
  readonly serveOrigin: ServeOrigin | undefined
}

/** The signing keys that a route is verified with. */
interface RouteKeys {
  /** Tried in order. Never empty. */
  readonly signingKeys: readonly SigningKey[]
  /** Of other routes, each once: nothing is verified with them, but a mix-up can be explained. */
  readonly otherKeys: readonly SigningKey[]
  /** Undefined if each request is forwarded with the signature that it came with. */
  readonly resign: ResignPolicy | undefined
}

/** For an app that has one key only, while its requests may be signed with others. */
export interface ResignPolicy {
  /** The one that the app verifies with. */
  readonly key: SigningKey
  /** Where the same key is in `signingKeys`: its signatures need no change. */
  readonly sameSlots: readonly number[]
}

export interface InngestRoutePolicy extends RouteBase, RouteKeys {
  readonly kind: 'inngest'
  /** The exact raw path, without a query. */
  readonly path: string
  /** Whether a signed GET is answered at all. */
  readonly introspection: boolean
  /** Undefined if it is for any app. */
  readonly apps: AppsPolicy | undefined
  /** Routes with the same scope share the function pairs that they learn. */
  readonly pairScope: string
  /** What the URL of a sync may name (`canonicalAuthority`, of no scheme). Empty is any. */
  readonly syncAuthorities: ReadonlySet<string>
  /** The Inngest server is older than 1.13.5: it signs parallel steps alike. */
  readonly isServerLegacy: boolean
  /** Whose requests need no signature, by method. Empty is nobody. */
  readonly unsigned: Readonly<Record<'GET' | 'PUT', AddressRanges>>
  /** Of the function calls that the app gets; undefined if there are none. */
  readonly limits: RouteLimitsPolicy | undefined
  /** Undefined if nothing has to be encrypted. */
  readonly encryption: EncryptionPolicy | undefined
}

export interface RouteLimitsPolicy {
  /** Undefined if only `limits.maxRequestsInFlight` bounds them. */
  readonly maxRequestsInFlight: number | undefined
  readonly rate: RateLimitPolicy | undefined
  /** How long a call waits for its turn. */
  readonly maxWaitMs: number
}

export interface RateLimitPolicy {
  readonly perSecond: number
  /** How many calls may come at once. */
  readonly burst: number
}

/** Which apps' functions may be called on a route. */
export interface AppsPolicy {
  readonly served: ReadonlySet<string>
  /** Ids of the apps of all routes. */
  readonly known: AppIds
}

export interface AppIds {
  /** Each by itself, so that what is found is not cut from the text of a request. */
  readonly ids: ReadonlyMap<string, string>
  /** Characters of the longest one. */
  readonly longest: number
}

/** What function calls must carry encrypted. */
export interface EncryptionPolicy {
  readonly mode: Exclude<CheckMode, 'off'>
  readonly rules: PayloadRules
}

/** Handed to the app unverified: for what a sidecar's app serves beside Inngest. */
export interface PassthroughRoutePolicy extends RouteBase {
  readonly kind: 'passthrough'
  /** This path and everything below it. */
  readonly path: string
  /** Whose requests are handed over; undefined is everybody's. */
  readonly allowlist: AddressRanges | undefined
}

/**
 * For durable endpoints: end users call them unsigned, and Inngest calls them again, signed, to go on with
 * a run (a re-entry).
 */
export interface DurableRoutePolicy extends RouteBase, RouteKeys {
  readonly kind: 'durable'
  /** This path and everything below it. */
  readonly path: string
  /** The app has Inngest call back at the `Host` that it saw, so there is one only. */
  readonly host: string
  readonly users: UsersPolicy
}

/** What end users may do on a durable route. */
export interface UsersPolicy {
  /** Undefined admits any client. Inngest's own addresses need not be in it. */
  readonly allowlist: AddressRanges | undefined
  readonly maxBodyBytes: number
  /** Undefined if only `limits.maxRequestsInFlight` bounds them. */
  readonly maxRequestsInFlight: number | undefined
}

export interface UpstreamPolicy {
  /** `http://host:port` or `https://host:port`; for a unix socket `http://localhost`. */
  readonly origin: string
  /** Path of the unix socket to connect to instead of the origin's host. */
  readonly socketPath: string | undefined
  /** For https: PEM texts and the name to verify. Verification itself cannot be turned off. */
  readonly tls: UpstreamTlsPolicy
}

export interface UpstreamTlsPolicy {
  /** Authorities to trust instead of the well-known ones. */
  readonly ca?: string
  /** The gateway's own certificate and key, if the app asks for them. */
  readonly cert?: string
  readonly key?: string
  /** Name that the app's certificate must carry; by default the origin's host. */
  readonly serverName?: string
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

/** Bytes, milliseconds and counts; what each is for stands in config/schema/limits.ts. */
export interface LimitsPolicy {
  readonly maxHeaderBytes: number
  readonly maxHeaderCount: number
  readonly headersTimeoutMs: number
  readonly maxBodyBytes: number
  readonly bodyTimeoutMs: number
  readonly bodyIdleTimeoutMs: number
  readonly minBodyBytesPerSecond: number
  readonly maxBufferedBytes: number
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly maxRequestsInFlight: number
  readonly responseStallTimeoutMs: number
  readonly keepAliveTimeoutMs: number
}

/** Where a question says which request it is about: by itself, or in X-Forwarded fields. */
export const externalAuthProtocols = ['ext_authz', 'forward_auth'] as const

export type ExternalAuthProtocol = (typeof externalAuthProtocols)[number]

export interface ExternalAuthPolicy {
  readonly protocol: ExternalAuthProtocol
  readonly pathPrefix: string
}

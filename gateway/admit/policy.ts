/**
 * The configuration in the form that the request path uses: addresses parsed, keys read, defaults filled in.
 * config/compile.ts makes it, and it never changes afterwards.
 */
import type { AddressRanges } from '../ip/address-ranges.ts'
import type { PayloadRules } from '../inngest/payload-encryption.ts'
import type { SigningKey } from '../inngest/signing-key.ts'

export interface Policy {
  readonly routes: readonly RoutePolicy[]
  /** The client addresses that are admitted. Empty admits no client. */
  readonly allowlist: AddressRanges
  /** Peers whose `X-Forwarded-For` is trusted. Empty trusts no peer. */
  readonly trustedProxies: AddressRanges
  /** Trusted peers speak the PROXY protocol, so the HTTP that they pass on is from their client. */
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

/** `report` admits the request and records the refusal; `off` does not run the check. */
export type CheckMode = 'enforce' | 'report' | 'off'

/** The checks whose mode can be configured, in their order. */
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
 * The modes of checks that the configuration does not mention. `report` is for a check whose refusals have not
 * been observed with enough servers to be sure that each one is right.
 */
export const defaultModes: CheckModes = {
  method: 'enforce',
  allowlist: 'enforce',
  signature: 'enforce',
  // Cloud's out-of-band sync has not been observed.
  syncBody: 'report',
  syncUrl: 'report',
  // Applies only on a route with `apps`, whose operator knows the ids of the apps.
  app: 'enforce',
  runId: 'enforce',
  // Observed with one version of the server only.
  callIds: 'report',
  // A learned pair can be wrong, and only the operator can judge that.
  functionId: 'report',
  freshness: 'enforce',
  replay: 'enforce',
}

interface RouteBase {
  /** Label in metrics and logs; unique. */
  readonly name: string
  readonly checks: CheckModes
  /** The required `Host`, in the form of `canonicalAuthority`; undefined matches any. */
  readonly host: string | undefined
  readonly upstream: UpstreamPolicy
  /** The pinned values of `Host` and `X-Forwarded-Proto`; undefined keeps the received ones. */
  readonly serveOrigin: ServeOrigin | undefined
}

/** The signing keys that a route verifies with. */
interface RouteKeys {
  /** Tried in order. Never empty. */
  readonly signingKeys: readonly SigningKey[]
  /**
   * The keys of other routes, without duplicates. No request is verified with them; they only serve to explain
   * a mix-up.
   */
  readonly otherKeys: readonly SigningKey[]
  /** Undefined if each request is forwarded with its received signature. */
  readonly resign: ResignPolicy | undefined
}

/** For an app that has only one key, while its requests may be signed with others. */
export interface ResignPolicy {
  /** The key that the app verifies with. */
  readonly key: SigningKey
  /** The positions of the same key in `signingKeys`: its signatures need no replacement. */
  readonly sameSlots: readonly number[]
}

export interface InngestRoutePolicy extends RouteBase, RouteKeys {
  readonly kind: 'inngest'
  /** The exact raw path, without a query. */
  readonly path: string
  /** Whether the app responds to a signed GET. */
  readonly introspection: boolean
  /** Undefined if calls for any app are admitted. */
  readonly apps: AppsPolicy | undefined
  /** Routes with the same scope share the function pairs that they learn. */
  readonly pairScope: string
  /**
   * The authorities that the URL of a sync may have (`canonicalAuthority`, without a scheme). Empty allows any.
   */
  readonly syncAuthorities: ReadonlySet<string>
  /** The Inngest server is older than 1.13.5: its signatures do not distinguish parallel steps. */
  readonly isServerLegacy: boolean
  /** The clients whose requests need no signature, by method. Empty means no client. */
  readonly unsigned: Readonly<Record<'GET' | 'PUT', AddressRanges>>
  /** Limits on function calls to the app; undefined if there are none. */
  readonly limits: RouteLimitsPolicy | undefined
  /** Undefined if nothing has to be encrypted. */
  readonly encryption: EncryptionPolicy | undefined
}

export interface RouteLimitsPolicy {
  /** Undefined if only `limits.maxRequestsInFlight` bounds them. */
  readonly maxRequestsInFlight: number | undefined
  readonly rate: RateLimitPolicy | undefined
  /** The maximum wait of a call for its turn. */
  readonly maxWaitMs: number
}

export interface RateLimitPolicy {
  readonly perSecond: number
  /** The number of calls that may pass at once. */
  readonly burst: number
}

/** The apps whose functions may be called on a route. */
export interface AppsPolicy {
  readonly served: ReadonlySet<string>
  /** Ids of the apps of all routes. */
  readonly known: AppIds
}

export interface AppIds {
  /** Each id as a string of its own, so that the result is not a substring of the request. */
  readonly ids: ReadonlyMap<string, string>
  /** Length of the longest id in characters. */
  readonly longest: number
}

/** The parts of function calls that must be encrypted. */
export interface EncryptionPolicy {
  readonly mode: Exclude<CheckMode, 'off'>
  readonly rules: PayloadRules
}

/** Forwarded to the app unverified: for what a sidecar's app serves in addition to Inngest. */
export interface PassthroughRoutePolicy extends RouteBase {
  readonly kind: 'passthrough'
  /** This path and everything below it. */
  readonly path: string
  /** The clients that are admitted; undefined admits any client. */
  readonly allowlist: AddressRanges | undefined
}

/**
 * For durable endpoints: end users call them unsigned, and Inngest calls them again, signed, to continue a run
 * (a re-entry).
 */
export interface DurableRoutePolicy extends RouteBase, RouteKeys {
  readonly kind: 'durable'
  /** This path and everything below it. */
  readonly path: string
  /** Exactly one host, because the app has Inngest call back at the `Host` that it received. */
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
  /** For https: PEM texts and the name to verify. Verification cannot be turned off. */
  readonly tls: UpstreamTlsPolicy
}

export interface UpstreamTlsPolicy {
  /** Certificate authorities that replace the well-known ones. */
  readonly ca?: string
  /** The gateway's own certificate and key, if the app requires them. */
  readonly cert?: string
  readonly key?: string
  /** Name that the app's certificate must carry; by default the origin's host. */
  readonly serverName?: string
}

export interface ServeOrigin {
  readonly protocol: 'http' | 'https'
  /** The host, with a port if it has one, as in `Host`. */
  readonly host: string
}

export interface FreshnessPolicy {
  /** Oldest acceptable signature, in seconds. */
  readonly maxAgeSeconds: number
  /** How far ahead of this clock a signature may be, in seconds. */
  readonly clockToleranceSeconds: number
}

/** Bytes, milliseconds and counts. config/schema/limits.ts explains each of them. */
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

/** Where an authorization request describes the original request: in its own fields, or in X-Forwarded fields. */
export const externalAuthProtocols = ['ext_authz', 'forward_auth'] as const

export type ExternalAuthProtocol = (typeof externalAuthProtocols)[number]

export interface ExternalAuthPolicy {
  readonly protocol: ExternalAuthProtocol
  readonly pathPrefix: string
}

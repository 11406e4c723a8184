/**
 * The data of `/status`, for one process or several together (merge.ts). It has plain values only, because it
 * is sent to another process and output as JSON. It contains no key, no signature, no token and no part of a
 * body.
 */
import type { DurableSign } from '../../admit/durable-sign.ts'
import type { RoutePolicy } from '../../admit/policy.ts'
import type { ClockState } from '../../record/clock-drift.ts'
import type { LogFields } from '../../record/log-fields.ts'
import type { Decision } from '../../record/request-record.ts'
import type { SdkSeen } from '../../record/sdk-inventory.ts'
import type { UnlistedRange } from '../../record/unlisted-ranges.ts'
import type { CheckSeen } from '../../rollout/seen.ts'

export interface Status {
  /** Unix milliseconds, like every name with this ending. */
  readonly takenMs: number
  readonly startedMs: number
  readonly processes: number
  readonly now: Now
  /** One for each minute, oldest first, the current one last. */
  readonly minutes: readonly Minute[]
  /** For the whole time since the start. */
  readonly reasons: readonly ReasonCount[]
  /** Newest first. */
  readonly recent: readonly RecentRequest[]
  readonly routes: readonly RouteStatus[]
  /** The date of the list of advisories about SDK versions: `2026-11-29`. */
  readonly sdkAdvisoriesDate: string
  readonly keys: readonly KeyStatus[]
  readonly ranges: RangesStatus
  /** Ranges outside the allowlist that send function calls with valid signatures. */
  readonly unlisted: readonly UnlistedRange[]
  readonly replay: ReplayStatus
  readonly clock: { readonly state: ClockState; readonly medianSeconds: number | undefined }
  readonly settings: SettingsStatus
  /** Redacted copies of verified requests are being made, for `record`. */
  readonly isRecording: boolean
}

export interface Now {
  readonly requestsInFlight: number
  readonly connections: number
  readonly bufferedBytes: number
}

export interface Minute {
  readonly startMs: number
  readonly decisions: Readonly<Record<Decision, number>>
  /** For requests that were not admitted. */
  readonly reasons: Readonly<Record<string, number>>
  /** Admitted signatures by age, in the groups of `ageBoundsSeconds`. */
  readonly ages: readonly number[]
}

export interface ReasonCount {
  readonly reason: string
  readonly count: number
  readonly lastMs: number
}

export interface RecentRequest {
  /** Unique among all kept requests. */
  readonly key: string
  readonly endedMs: number
  /** From the log line. */
  readonly fields: LogFields
}

export interface RouteStatus {
  readonly route: string
  readonly kind: RoutePolicy['kind']
  readonly host: string | undefined
  readonly path: string
  readonly upstream: string
  /** Ids of the apps that the route is for; empty if it is for any. */
  readonly apps: readonly string[]
  /**
   * Label of the key that verified requests are signed with for the app; undefined if they keep their
   * signature.
   */
  readonly resignKey: string | undefined
  readonly seen: UpstreamSeen
  /** Undefined if the route has no `limits`. */
  readonly limits: LimitsStatus | undefined
  /** Checks that are not enforced, as `check: mode`. */
  readonly notEnforced: readonly string[]
  /** The refusals of checks in report mode. */
  readonly reportMode: readonly CheckSeen[]
  /** SDK versions that the app named in its responses. */
  readonly sdks: readonly SdkSeen[]
  /** Undefined if calls need not be encrypted. */
  readonly encryption: 'required' | 'reported' | undefined
}

/** The configured `limits` of a route, and their current use. */
export interface LimitsStatus {
  /** Undefined if there is no such limit. */
  readonly maxRequestsInFlight: number | undefined
  /** As configured; undefined if there is no such limit. */
  readonly rate: string | undefined
  readonly requests: number
  readonly waiting: number
}

/** Observations of an upstream from its requests. The gateway does not probe it. */
export interface UpstreamSeen {
  readonly answers: number
  readonly faults: number
  readonly lastAnswerMs: number | undefined
  readonly lastStatus: number | undefined
  readonly lastFaultMs: number | undefined
  readonly lastFault: string | undefined
  /** On a durable route, including refused requests. */
  readonly users: number
  readonly reentries: number
  /** Function calls on a route with `encryption` that had plaintext, or could not be checked. */
  readonly inPlain: number
  readonly unchecked: number
  /** For a passthrough route. */
  readonly durableSign: DurableSign | undefined
}

export interface KeyStatus {
  readonly route: string
  readonly slot: number
  readonly label: string
  /** Undefined if it has verified nothing since the start. */
  readonly lastVerifiedMs: number | undefined
}

export interface RangesStatus {
  /** Ranges in the allowlist. */
  readonly allowed: readonly {
    readonly source: string
    readonly ipv4: number
    readonly ipv6: number
  }[]
  /** For published ranges; undefined if the allowlist does not include them. */
  readonly origin: string | undefined
  readonly lists: readonly {
    readonly source: string
    readonly ranges: number
    readonly fetchedMs: number | undefined
  }[]
}

export interface ReplayStatus {
  readonly store: string
  /** Undefined if they are not counted. */
  readonly entries: number | undefined
  readonly capacity: number | undefined
  readonly unavailableBecause: string | undefined
}

export interface SettingsStatus {
  readonly fingerprint: string
  readonly loadedMs: number
  /** Whether the last configuration that was read is in force. If not, it had problems. */
  readonly isLatest: boolean
  /** In the format of `print-config`, without the sources. */
  readonly yaml: string
}

/** Upper bounds of all groups of ages but the last, in seconds; negative is ahead of this clock. */
export const ageBoundsSeconds = [-60, -10, -1, 1, 2, 5, 10, 30, 60, 120, 300] as const

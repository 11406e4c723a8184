/**
 * What `/status` tells, of one process or of several together (merge.ts). Plain values: it goes to
 * another process and out as JSON. Nothing in it is a key, a signature, a token or part of a body.
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
  /** Unix milliseconds, as everything whose name ends so. */
  readonly takenMs: number
  readonly startedMs: number
  readonly processes: number
  readonly now: Now
  /** One for each minute, oldest first, the current one last. */
  readonly minutes: readonly Minute[]
  /** Of the whole time since the start. */
  readonly reasons: readonly ReasonCount[]
  /** Newest first. */
  readonly recent: readonly RecentRequest[]
  readonly routes: readonly RouteStatus[]
  /** Day of the list of advisories about SDK versions: `2026-11-29`. */
  readonly sdkAdvisoriesDate: string
  readonly keys: readonly KeyStatus[]
  readonly ranges: RangesStatus
  /** Not in the allowlist, and validly signed function calls come from there. */
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
  /** Of what was not admitted. */
  readonly reasons: Readonly<Record<string, number>>
  /** Admitted signatures by age, as `ageBoundsSeconds` divides them. */
  readonly ages: readonly number[]
}

export interface ReasonCount {
  readonly reason: string
  readonly count: number
  readonly lastMs: number
}

export interface RecentRequest {
  /** Unique among all that are kept. */
  readonly key: string
  readonly endedMs: number
  /** Of the log line. */
  readonly fields: LogFields
}

export interface RouteStatus {
  readonly route: string
  readonly kind: RoutePolicy['kind']
  readonly host: string | undefined
  readonly path: string
  readonly upstream: string
  /** Ids of the apps that it is for; empty if it is for any. */
  readonly apps: readonly string[]
  readonly seen: UpstreamSeen
  /** Undefined if the route has no `limits`. */
  readonly limits: LimitsStatus | undefined
  /** Checks that are not enforced, as `check: mode`. */
  readonly notEnforced: readonly string[]
  /** What checks in report mode would have refused. */
  readonly reportMode: readonly CheckSeen[]
  /** SDK versions that the app named in its responses. */
  readonly sdks: readonly SdkSeen[]
  /** Undefined if calls need not be encrypted. */
  readonly encryption: 'required' | 'reported' | undefined
}

/** What `limits` of a route allow, and what they do at the moment. */
export interface LimitsStatus {
  /** Undefined if there is none. */
  readonly maxRequestsInFlight: number | undefined
  /** As configured; undefined if there is none. */
  readonly rate: string | undefined
  readonly requests: number
  readonly waiting: number
}

/** What requests have shown of an upstream. The gateway does not probe it. */
export interface UpstreamSeen {
  readonly answers: number
  readonly faults: number
  readonly lastAnswerMs: number | undefined
  readonly lastStatus: number | undefined
  readonly lastFaultMs: number | undefined
  readonly lastFault: string | undefined
  /** On a durable route; what was refused is counted, too. */
  readonly users: number
  readonly reentries: number
  /** Function calls on a route with `encryption`: with something in plain, and that cannot be checked. */
  readonly inPlain: number
  readonly unchecked: number
  /** On a passthrough route. */
  readonly durableSign: DurableSign | undefined
}

export interface KeyStatus {
  readonly route: string
  readonly slot: number
  readonly label: string
  /** Undefined if it has not since the start. */
  readonly lastVerifiedMs: number | undefined
}

export interface RangesStatus {
  /** Ranges in the allowlist. */
  readonly allowed: readonly {
    readonly source: string
    readonly ipv4: number
    readonly ipv6: number
  }[]
  /** Of the published ones; undefined if the allowlist does not name them. */
  readonly origin: string | undefined
  readonly lists: readonly {
    readonly source: string
    readonly ranges: number
    readonly fetchedMs: number | undefined
  }[]
}

export interface ReplayStatus {
  readonly store: string
  /** Undefined where they are not counted. */
  readonly entries: number | undefined
  readonly capacity: number | undefined
  readonly unavailableBecause: string | undefined
}

export interface SettingsStatus {
  readonly fingerprint: string
  readonly loadedMs: number
  /** Whether the configuration as it was last read is in force; otherwise it had problems. */
  readonly isLatest: boolean
  /** As `print-config` shows them, without where each comes from. */
  readonly yaml: string
}

/** Upper bounds of all groups of ages but the last, in seconds; negative is ahead of this clock. */
export const ageBoundsSeconds = [-60, -10, -1, 1, 2, 5, 10, 30, 60, 120, 300] as const

/** The facts of a request for its record, filled in by the checks that it reaches. */
import type { Body } from '../inngest/body.ts'
import type { ClientAddress } from './checks/client-address.ts'
import type { VerifiedSignature } from './checks/signature.ts'
import type { DurableSign } from './durable-sign.ts'
import type { CallParameters } from '../inngest/call-parameters.ts'
import type { PayloadReading } from '../inngest/payload-encryption.ts'
import type { Credentials } from '../inngest/signature-header.ts'
import type { RoutePolicy } from './policy.ts'
import type { Reason } from './reasons.ts'

/**
 * Outcomes of the replay check. `claimed`: first use, now spent. `followed`: already spent, and used once more
 * by the target of a redirect. `duplicate`: already spent. `other_kind`: the MAC is claimed for a request of
 * another kind. `too_many`: the maximum number of requests that may share the MAC was admitted. `full`: no
 * room, and nothing was evicted. `before_start`: signed before the store's memory begins, so a first use cannot
 * be distinguished from a second.
 */
export const replayOutcomes = [
  'claimed',
  'followed',
  'duplicate',
  'other_kind',
  'too_many',
  'full',
  'before_start',
] as const

export type ReplayOutcome = (typeof replayOutcomes)[number]

/** An unavailable store refuses nothing where replays are only reported. */
export type ReportOnlyReason = Reason | 'replay_store_unavailable'

/** Kinds of requests that legitimately share a MAC, so that each is claimed by more than the MAC. */
export const sharedKinds = ['probe', 'reentry'] as const

/** A MAC that several requests may have. It is claimed in the same step, for one kind of request. */
export interface SharedMac {
  readonly mac: Uint8Array
  readonly kind: (typeof sharedKinds)[number]
}

export interface ReplayClaim {
  /** 32 bytes; equal for equal requests (inngest/claim-key.ts). */
  readonly key: Uint8Array
  /** Undefined if the key is the MAC itself, or the key for a server before 1.13.5. */
  readonly shared: SharedMac | undefined
  /** When the request was signed, Unix seconds. */
  readonly timestampSeconds: number
  /** The last Unix second at which a copy could still be fresh. */
  readonly expiresAtSeconds: number
}

/** Every field is set from the start, so that V8 gives all requests' facts one shape. */
export class Facts {
  route: RoutePolicy | undefined = undefined
  client: ClientAddress | undefined = undefined
  /** From the query, if the checks came that far. */
  parameters: CallParameters | undefined = undefined
  /** On a durable route: whether the request is from a user, or from Inngest to continue a run. */
  durable: 'user' | 'reentry' | undefined = undefined
  /** On a passthrough route: a sign that it leads to a durable endpoint. */
  durableSign: DurableSign | undefined = undefined
  /** Seconds, negative if the signature is ahead of this clock. */
  signatureAgeSeconds: number | undefined = undefined
  bodyBytes: number | undefined = undefined
  signature: Pick<VerifiedSignature, 'form' | 'keySlot'> | undefined = undefined
  /** Label of the key that the forwarded request is signed with instead. */
  resignedWith: string | undefined = undefined
  /** For a signature that did not match the received body, until the diagnosis is done. */
  evidence: Evidence | undefined = undefined
  /** A proxy requested authorization, and forwards the request itself. */
  isExternalAuth: boolean | undefined = undefined
  /** Admitted without a signature, by an `unsigned…` setting of the route. */
  isUnsigned: boolean | undefined = undefined
  /** `ctx.request_id`, if the header differs: the app gets this one. */
  signedRequestId: string | undefined = undefined
  /** The configured app that `fnId` belongs to; null if none; undefined if no check needs it. */
  app: string | null | undefined = undefined
  /** The `fnId` that belongs to the signed `ctx.fn_id`, if the query differs. */
  expectedFnId: string | undefined = undefined
  /** For a function call, on a route with `encryption`. */
  encryption: PayloadReading | undefined = undefined
  claim: ReplayOutcome | undefined = undefined
  /** The claim that was spent for the request. */
  claimed: ReplayClaim | undefined = undefined
  /** The signed body of a POST whose signature was claimed before, until the diagnosis is done. */
  replayedBody: Body | undefined = undefined
  /** Whether the claim was released, because no byte reached the app. */
  release: 'released' | 'not_released' | undefined = undefined
  /** The time that it waited for the limits of its route, if it had to. */
  waitedMs: number | undefined = undefined
  /** Whether a redirect of the app made the signature usable again. */
  redirect: 'rearmed' | 'not_rearmed' | 'not_served' | undefined = undefined
  /** The target of such a redirect that no route serves. */
  unserved: { readonly host: string; readonly path: string } | undefined = undefined
  /** The origin in the URL of a signed sync, if it differs from the route's `serveOrigin` only in the scheme. */
  registeredOrigin: string | undefined = undefined
  /** `X-Inngest-SDK` of the response, shortened: the SDK that the app reports. */
  sdk: string | undefined = undefined
  /** Reasons to refuse the request that the route does not enforce. */
  reportOnly: readonly ReportOnlyReason[] | undefined = undefined
}

export interface Evidence {
  /** As received. */
  readonly body: Uint8Array
  readonly credentials: Credentials
  /** The canonical form of the body, if it has one. */
  readonly canonical: Uint8Array | undefined
  /** The canonical form is what was signed. If false, no key made the signature. */
  readonly isHealed: boolean
}

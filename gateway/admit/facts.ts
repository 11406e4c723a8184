/** What became known of a request on its way, for its record; filled in as far as it came. */
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
 * Of the replay cache. `claimed`: first use, now spent. `followed`: spent already, and used once more by
 * the target of a redirect. `duplicate`: spent already. `other_kind`: the MAC is claimed for a request of
 * another kind. `too_many`: as many requests as may share the MAC were admitted. `full`: no room, nothing
 * was forgotten. `before_start`: signed before the store remembers, so a first use cannot be told from a
 * second.
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

/** A store that cannot be asked refuses nothing where replays are only reported. */
export type ReportOnlyReason = Reason | 'replay_store_unavailable'

/** Kinds of requests of which honest ones share a MAC, so that each is claimed with more than the MAC. */
export const sharedKinds = ['probe', 'reentry'] as const

/** A MAC that several requests may have. It is claimed in the same step, for one kind of them. */
export interface SharedMac {
  readonly mac: Uint8Array
  readonly kind: (typeof sharedKinds)[number]
}

export interface ReplayClaim {
  /** 32 bytes; equal for equal requests (inngest/claim-key.ts). */
  readonly key: Uint8Array
  /** Undefined if the key is the MAC itself, or what a server before 1.13.5 is claimed by. */
  readonly shared: SharedMac | undefined
  /** When the request was signed, Unix seconds. */
  readonly timestampSeconds: number
  /** The last Unix second at which a copy could still be fresh. */
  readonly expiresAtSeconds: number
}

/** Each field is there from the start: V8 then gives every request's facts one shape. */
export class Facts {
  route: RoutePolicy | undefined = undefined
  client: ClientAddress | undefined = undefined
  /** Of the query, if the checks came that far. */
  parameters: CallParameters | undefined = undefined
  /** On a durable route: whether it is a request of a user, or Inngest's to go on with a run. */
  durable: 'user' | 'reentry' | undefined = undefined
  /** On a passthrough route: what shows that it leads to a durable endpoint. */
  durableSign: DurableSign | undefined = undefined
  /** Seconds, negative if the signature is ahead of this clock. */
  signatureAgeSeconds: number | undefined = undefined
  bodyBytes: number | undefined = undefined
  signature: Pick<VerifiedSignature, 'form' | 'keySlot'> | undefined = undefined
  /** Label of the key that the forwarded request is signed with instead. */
  resignedWith: string | undefined = undefined
  /** Of a signature that did not match the body as received, until it is known why. */
  evidence: Evidence | undefined = undefined
  /** A proxy asked about it, and passes it on itself. */
  isExternalAuth: boolean | undefined = undefined
  /** Let through without a signature, by the route's `unsigned…` setting. */
  isUnsigned: boolean | undefined = undefined
  /** `ctx.request_id`, if the header says otherwise: the app gets this one. */
  signedRequestId: string | undefined = undefined
  /** The configured app that `fnId` belongs to, null if none; undefined if nothing depends on it. */
  app: string | null | undefined = undefined
  /** The `fnId` that belongs to the signed `ctx.fn_id`, if the query says otherwise. */
  expectedFnId: string | undefined = undefined
  /** Of a function call, on a route with `encryption`. */
  encryption: PayloadReading | undefined = undefined
  claim: ReplayOutcome | undefined = undefined
  /** What was spent for it. */
  claimed: ReplayClaim | undefined = undefined
  /** Signed body of a POST whose signature was claimed before, until it is known why. */
  replayedBody: Body | undefined = undefined
  /** Whether what was spent was given back, since no byte reached the app. */
  release: 'released' | 'not_released' | undefined = undefined
  /** How long it waited for the limits of its route, if it had to. */
  waitedMs: number | undefined = undefined
  /** Whether a redirect of the app made the signature usable again. */
  redirect: 'rearmed' | 'not_rearmed' | 'not_served' | undefined = undefined
  /** The target of such a redirect that no route serves. */
  unserved: { readonly host: string; readonly path: string } | undefined = undefined
  /** Origin in the URL of a signed sync, if only its scheme is not that of the route's `serveOrigin`. */
  registeredOrigin: string | undefined = undefined
  /** `X-Inngest-SDK` of the response, shortened: what the app says of itself. */
  sdk: string | undefined = undefined
  /** Reasons to refuse it that the route does not enforce. */
  reportOnly: readonly ReportOnlyReason[] | undefined = undefined
}

export interface Evidence {
  /** As received. */
  readonly body: Uint8Array
  readonly credentials: Credentials
  /** The canonical form of the body, if it has one. */
  readonly canonical: Uint8Array | undefined
  /** The canonical form is what was signed; otherwise no key made the signature. */
  readonly isHealed: boolean
}

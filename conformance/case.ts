/** What a case of the conformance run is: data, so that adding one is adding one entry. */
import type { RequestMaker, Wire } from './request-maker.ts'

/** In the order in which they are run and printed. */
export const groups = {
  admitted: 'what Inngest sends',
  signature: 'signatures',
  freshness: 'age',
  replay: 'replays',
  address: 'addresses',
  agreement: 'unsigned ids',
  use: 'methods and bodies',
  framing: 'framing and targets',
  durable: 'durable endpoints',
  bypass: 'ways around the gateway',
} as const

export type Group = keyof typeof groups

export type Expectation =
  | {
      /** Each reaches the app, and the app answers. */
      readonly kind: 'admitted'
      /** A refusal that an operator may have chosen. */
      readonly unless?: { readonly status: number; readonly why: string }
      /** An error is the right response only to a function call, since no app has the function. */
      readonly needsSuccess?: true
    }
  | {
      readonly kind: 'refused'
      readonly statuses: readonly number[]
      /**
       * What something in front of the gateway may do, so that the gateway never sees the request as
       * it was sent: refuse it itself, or also mend it, so that it is refused for something else.
       */
      readonly inFront?: 'refuses' | 'mends'
      /** The check that refuses it, if the gateway only reports what that check finds by default. */
      readonly reportedBy?: string
    }
  /** The first is admitted, whatever follows it is refused as used already. */
  | {
      readonly kind: 'spent'
      /** Of what follows; 409 unless given. Inngest would take a 409 to a PUT for a success. */
      readonly statuses?: readonly number[]
    }
  /** All are sent at once, and exactly one is admitted. */
  | { readonly kind: 'once' }

export interface CaseText {
  /** For `--only`; unique. */
  readonly name: string
  readonly group: Group
  readonly sends: string
  /** What a failure means, and what to do. */
  readonly failure: string
}

/** Each with the option of the command line that says so, and why it is needed. */
export const optIns = {
  syncs: 'an SDK without in-band syncs would register the app: give --syncs if the SDK has them',
  durable: 'give the URL of a durable endpoint as --durable-url',
  app: 'give an id in `apps` of the route as --app',
  restrictedPaths: 'give a path of a passthrough route with an `allowlist` as --restricted-path',
} as const

export type OptIn = keyof typeof optIns

export interface RequestCase extends CaseText {
  /** From an address that the gateway lets in, or from one that it does not. */
  readonly from: 'inside' | 'outside'
  readonly expects: Expectation
  /** What passing does not show by itself. */
  readonly caveat?: string
  /** Sent only if the operator says so: what has to be known of the app or the gateway first. */
  readonly optIn?: OptIn
  /** A case without whose passing this one is not sent, since it would do harm. */
  readonly needs?: string
  readonly requests: (make: RequestMaker) => readonly Wire[]
}

export type Outcome = 'passed' | 'failed' | 'not tested'

export interface Judgement {
  readonly outcome: Outcome
  /** What came back, in words. */
  readonly detail: string
}

export interface Result extends CaseText, Judgement {
  /** What has to come back, in words. */
  readonly expected: string
  /** By which the gateway's log line is found, unless something in front gave another. */
  readonly requestIds: readonly string[]
}

export function describeExpectation(expects: Expectation): string {
  switch (expects.kind) {
    case 'admitted':
      return 'the app responds'
    case 'refused': {
      const statuses = expects.statuses.join(' or ')
      const { reportedBy } = expects
      return reportedBy === undefined
        ? statuses
        : `${statuses}, if \`${reportedBy}\` is \`enforce\``
    }
    case 'spent':
      return `the app responds once, then ${(expects.statuses ?? [409]).join(' or ')}`
    case 'once':
      return 'the app responds to one of them, 409 for the others'
  }
}

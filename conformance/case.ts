/** The cases of the conformance run. They are data, so a new case is one new entry. */
import type { RequestMaker, Wire } from './request-maker.ts'

/** In the order of running and printing. */
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
      /** Each request reaches the app, and the app responds. */
      readonly kind: 'admitted'
      /** A refusal that the operator may have configured. */
      readonly unless?: { readonly status: number; readonly why: string }
      /** An error is only the expected response to a function call, because no app has the function. */
      readonly needsSuccess?: true
    }
  | {
      readonly kind: 'refused'
      readonly statuses: readonly number[]
      /**
       * What a proxy in front may do, so that the gateway never sees the request as it was sent: refuse it, or
       * also correct it, so that it is refused for another reason.
       */
      readonly inFront?: 'refuses' | 'mends'
      /** The check that refuses it, if by default the gateway only reports that check's refusals. */
      readonly reportedBy?: string
    }
  /** The first request is admitted, and all that follow are refused as replays. */
  | {
      readonly kind: 'spent'
      /** For the following requests; 409 unless set. Inngest would take a 409 to a PUT for a success. */
      readonly statuses?: readonly number[]
    }
  /** All requests are sent at once, and exactly one is admitted. */
  | { readonly kind: 'once' }

export interface CaseText {
  /** For `--only`; unique. */
  readonly name: string
  readonly group: Group
  readonly sends: string
  /** The meaning of a failure, and what to do. */
  readonly failure: string
}

/** The command-line option that enables each, and why it is needed. */
export const optIns = {
  syncs: 'an SDK without in-band syncs would register the app: give --syncs if the SDK has them',
  durable: 'give the URL of a durable endpoint as --durable-url',
  app: 'give an id in `apps` of the route as --app',
  restrictedPaths: 'give a path of a passthrough route with an `allowlist` as --restricted-path',
} as const

export type OptIn = keyof typeof optIns

export interface RequestCase extends CaseText {
  /** From an address in the gateway's allowlist, or from another one. */
  readonly from: 'inside' | 'outside'
  readonly expects: Expectation
  /** What a pass does not prove. */
  readonly caveat?: string
  /** Only sent if the operator enables it, because it requires knowledge of the app or the gateway. */
  readonly optIn?: OptIn
  /** Another case that must pass first, because this one would do harm otherwise. */
  readonly needs?: string
  readonly requests: (make: RequestMaker) => readonly Wire[]
}

export type Outcome = 'passed' | 'failed' | 'not tested'

export interface Judgement {
  readonly outcome: Outcome
  /** The result as text. */
  readonly detail: string
}

export interface Result extends CaseText, Judgement {
  /** The expected result as text. */
  readonly expected: string
  /** To find the gateway's log line, unless a proxy in front replaced the ids. */
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

/** The side effects that the checks of a request may have. */
import type { ClientRequest } from '../accept/client-request.ts'
import type { ClientResponse } from '../accept/client-response.ts'
import type { Body } from '../inngest/body.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { ReplayClaim, ReplayOutcome } from '../admit/facts.ts'
import type { Effects, FunctionPairs } from '../admit/context.ts'
import type { LimitsPolicy, RoutePolicy } from '../admit/policy.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import type { ClaimOutcome } from '../replay/store.ts'
import type { CanonicalRequest } from '../threads/canonical-pool.ts'
import type { ActiveConfig } from './active-config.ts'
import { readBody } from './body-reader.ts'
import type { ExchangeDeps } from './deps.ts'
import type { Exchange } from './exchange.ts'
import { whileConnected } from './while-connected.ts'

function outcomeOf(outcome: ClaimOutcome): ReplayOutcome {
  return outcome === 'followed_before' ? 'duplicate' : outcome
}

function claimFailed(error: unknown): never {
  throw new GatewayFault('replay_store_unavailable', error)
}

export class AdmissionIo implements Effects {
  readonly pairs: FunctionPairs
  readonly #request: ClientRequest
  readonly #response: ClientResponse
  readonly #exchange: Exchange
  readonly #limits: LimitsPolicy
  readonly #deps: ExchangeDeps

  constructor(
    request: ClientRequest,
    response: ClientResponse,
    exchange: Exchange,
    { settings }: ActiveConfig,
    deps: ExchangeDeps,
  ) {
    this.pairs = deps.pairs
    this.#request = request
    this.#response = response
    this.#exchange = exchange
    this.#limits = settings.policy.limits
    this.#deps = deps
  }

  nowMs(): number {
    return this.#deps.clock.nowMs()
  }

  enter(route: RoutePolicy, isOpen: boolean): Verdict<undefined> {
    const { hold } = this.#exchange
    if (isOpen && route.kind === 'durable') {
      const { maxRequestsInFlight = Infinity } = route.users
      if (!hold.enterRoute(route.name, maxRequestsInFlight)) return refuse('route_requests_full')
    }
    return hold.enter(!isOpen) ? pass(undefined) : refuse('requests_full')
  }

  readBody(): Promise<Verdict<Body>> {
    return readBody(this.#request, this.#exchange.hold, this.#deps.paces, this.#limits)
  }

  canonicalize(body: Uint8Array, mayRound: boolean): Promise<Verdict<Uint8Array | undefined>> {
    return this.#canonicalize(body, { mayRound })
  }

  canonicalizeToRead(body: Uint8Array): Promise<Verdict<Uint8Array | undefined>> {
    return this.#canonicalize(body, { isVerified: true })
  }

  claim(claim: ReplayClaim, target: () => string, nowMs: number): Promise<ReplayOutcome> {
    const owned = { ...claim, owner: this.#exchange.owner }
    return this.#deps.replay.claim(owned, target, nowMs).then(outcomeOf, claimFailed)
  }

  #canonicalize(
    body: Uint8Array,
    request: CanonicalRequest,
  ): Promise<Verdict<Uint8Array | undefined>> {
    return whileConnected(this.#response, (signal) =>
      this.#deps.canonicals.canonicalize(body, signal, request),
    )
  }
}

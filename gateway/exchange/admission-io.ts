/** What a request may do to the world while it is being judged. */
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Body } from '../inngest/body.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { ReplayClaim, ReplayOutcome } from '../admit/facts.ts'
import type { Effects, FunctionPairs } from '../admit/context.ts'
import type { Clock } from '../record/clock.ts'
import type { LimitsPolicy, RoutePolicy } from '../admit/policy.ts'
import type { ReplayStore } from '../replay/store.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import type { CanonicalRequest } from '../threads/canonical-pool.ts'
import { readBody } from './body-reader.ts'
import type { Hold } from './capacity.ts'
import type { Exchange } from './exchange.ts'
import type { Snapshot } from './active-config.ts'
import type { TrafficParts } from './traffic-parts.ts'
import { whileConnected } from './while-connected.ts'

/** The steps of `admit` that touch the world, for an upgrade: it has no body. */
export class HeadEffects implements Effects {
  readonly pairs: FunctionPairs
  readonly #hold: Hold
  readonly #clock: Clock
  readonly #replay: ReplayStore
  readonly #owner: number

  constructor({ hold, owner }: Exchange, { clock, replay, pairs }: TrafficParts) {
    this.pairs = pairs
    this.#hold = hold
    this.#clock = clock
    this.#replay = replay
    this.#owner = owner
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  enter({ kind }: RoutePolicy): Verdict<undefined> {
    return this.#hold.enter(kind === 'inngest') ? pass(undefined) : refuse('requests_full')
  }

  readBody(): Promise<Verdict<Body>> {
    return Promise.reject(new Error('an upgrade has no body'))
  }

  canonicalize(
    ...[{ byteLength }]: Parameters<Effects['canonicalize']>
  ): Promise<Verdict<Uint8Array | undefined>> {
    return Promise.reject(new Error(`an upgrade has a body of ${String(byteLength)} bytes`))
  }

  canonicalizeToRead(body: Uint8Array): Promise<Verdict<Uint8Array | undefined>> {
    return this.canonicalize(body, true)
  }

  async claim(claim: ReplayClaim, target: () => string, nowMs: number): Promise<ReplayOutcome> {
    try {
      const outcome = await this.#replay.claim({ ...claim, owner: this.#owner }, target, nowMs)
      return outcome === 'followed_before' ? 'duplicate' : outcome
    } catch (error) {
      throw new GatewayFault('replay_store_unavailable', error)
    }
  }
}

/** The same for a request whose body is read here. */
export class RequestEffects extends HeadEffects {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #exchange: Exchange
  readonly #limits: LimitsPolicy
  readonly #parts: TrafficParts

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    exchange: Exchange,
    { settings }: Snapshot,
    parts: TrafficParts,
  ) {
    super(exchange, parts)
    this.#request = request
    this.#response = response
    this.#exchange = exchange
    this.#limits = settings.policy.limits
    this.#parts = parts
  }

  override readBody(): Promise<Verdict<Body>> {
    const [request, response, exchange] = [this.#request, this.#response, this.#exchange]
    return readBody({ request, response, exchange, paces: this.#parts.paces }, this.#limits)
  }

  override canonicalize(
    body: Uint8Array,
    mayRound: boolean,
  ): Promise<Verdict<Uint8Array | undefined>> {
    return this.#canonicalize(body, { mayRound })
  }

  override canonicalizeToRead(body: Uint8Array): Promise<Verdict<Uint8Array | undefined>> {
    return this.#canonicalize(body, { isVerified: true })
  }

  #canonicalize(
    body: Uint8Array,
    request: CanonicalRequest,
  ): Promise<Verdict<Uint8Array | undefined>> {
    return whileConnected(this.#response, (signal) =>
      this.#parts.canonicals.canonicalize(body, signal, request),
    )
  }
}

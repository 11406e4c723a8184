/**
 * One request on its way through: the connection's two sides, what it holds, and every fact of it. Its record is
 * read from it: once it has ended, those facts stay as they are until the recorder has written them.
 */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'

import type { ClientRequest } from '../accept/client-request.ts'
import type { ClientResponse } from '../accept/client-response.ts'
import type { Listed } from '../accept/open-list.ts'
import type { DiagnosisBudget } from '../diagnosis/budget.ts'
import { diagnose, type Diagnosis } from '../diagnosis/diagnose.ts'
import { Facts } from '../admit/facts.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import { GatewayFault, toFault } from '../admit/faults.ts'
import type { Cuttable } from '../forward/response-relay.ts'
import type { Clock } from '../record/clock.ts'
import type { Recorder } from '../record/recorder.ts'
import type { RequestRecord } from '../record/request-record.ts'
import type { Reason } from '../admit/reasons.ts'
import { holdsKey } from '../redact/redact-secrets.ts'
import { nextOwner } from '../replay/store.ts'
import type { Capacity, Hold } from './capacity.ts'
import { sendFault, sendRefusal } from './error-response.ts'

/** The two sides of an exchange on its client's connection. */
export interface ClientSide {
  /** Undefined if no request could be read. */
  readonly request: ClientRequest | undefined
  /** Undefined if nothing may be said on the connection. */
  readonly response: ClientResponse | undefined
}

const GONE: ClientSide = { request: undefined, response: undefined }

export class Exchange implements RequestRecord, Listed {
  place: number | undefined
  readonly head: RequestHead
  /** Nothing, once it has ended: records wait for a moment, and would keep what connections hold. */
  client: ClientSide
  readonly requestId: string
  readonly facts = new Facts()
  readonly hold: Hold
  /** Of what this request claims. */
  readonly owner = nextOwner()
  refusal: Reason | undefined
  fault: GatewayFault | undefined
  status: number | undefined
  upstreamStatus: number | undefined
  upstreamDurationMs: number | undefined
  diagnosis: Diagnosis | undefined
  endedMs = 0
  endedMonotonicMs = 0
  /** The connection to the app, once it speaks another protocol with the client. */
  tunnel: Socket | undefined
  /** While the app is being called. */
  call: Cuttable | undefined
  #cutBy: GatewayFault | undefined
  readonly #startedMs: number
  #calledMs = 0
  readonly #clock: Clock

  constructor(head: RequestHead, client: ClientSide, capacity: Capacity, clock: Clock) {
    this.head = head
    this.client = client
    this.requestId = requestIdOf(head)
    this.hold = capacity.hold()
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  get durationMs(): number {
    return this.endedMonotonicMs - this.#startedMs
  }

  /** Responds that the request is refused, with the status that its reason has. */
  refuse(reason: Reason): void {
    this.refusal = reason
    this.status = sendRefusal(this.client.response, reason, this)
    // What was read of the body is of no use any more.
    this.hold.releaseBytes()
  }

  /** Responds that something broke. @param thrown whatever it was. */
  fail(thrown: unknown): void {
    this.fault = this.#cutBy ?? toFault(thrown)
    this.status = sendFault(this.client.response, this.fault, this)
  }

  /** The gateway ends it itself: whatever breaks from now on broke for this. */
  cut(fault: GatewayFault): void {
    this.#cutBy ??= fault
    this.call?.onFault(fault)
  }

  /**
   * To be called when the response has been sent, or the request been forwarded: the sender must not notice how long
   * it takes, and the body is not kept for longer.
   */
  diagnose(budget: DiagnosisBudget): void {
    const { head, facts, refusal } = this
    this.diagnosis = diagnose(head, facts, refusal, budget, this.#clock.monotonicMs())
    this.#dropBodies()
  }

  /** From here on it is timed how long the app takes. */
  upstreamCalled(): void {
    this.#calledMs = this.#clock.monotonicMs()
  }

  /** @throws GatewayFault if the gateway cut the response off. */
  upstreamResponded(status: number): void {
    this.upstreamStatus = status
    this.status = status
    if (this.#cutBy !== undefined) throw this.#cutBy
    this.#timeUpstream()
  }

  upstreamFailed(): void {
    this.#timeUpstream()
  }

  #timeUpstream(): void {
    this.upstreamDurationMs = this.#clock.monotonicMs() - this.#calledMs
  }

  /** Gives back what it holds and has its record written, which may be a moment later. */
  end(recorder: Pick<Recorder, 'add'>): void {
    this.hold.end()
    this.endedMonotonicMs = this.#clock.monotonicMs()
    this.endedMs = this.#clock.nowMs()
    this.#dropBodies()
    this.call = undefined
    this.tunnel = undefined
    this.client = GONE
    recorder.add(this)
  }

  /** A fault may come before the diagnosis: the memory for bodies is given back, so none may stay. */
  #dropBodies(): void {
    this.facts.evidence = undefined
    this.facts.replayedBody = undefined
  }
}

/** Inngest's own id where it is a plain one, so that its traces and this log can be matched. */
function requestIdOf(head: RequestHead): string {
  const ids = fieldValues(head.rawHeaders, 'x-request-id')
  const [id = ''] = ids
  // It is logged and goes to the app, so a key that somebody put there is not taken over.
  const isPlain = ids.length === 1 && /^[\w.-]{1,128}$/.test(id) && !holdsKey(id)
  return isPlain ? id : randomUUID()
}

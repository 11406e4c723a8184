/**
 * One request from its start to its end: both sides of its connection, its resources and all its facts. The
 * recorder reads its record from it, so the facts do not change after the end until the record is written.
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
  /** Undefined if nothing may be sent on the connection. */
  readonly response: ClientResponse | undefined
}

const GONE: ClientSide = { request: undefined, response: undefined }

export class Exchange implements RequestRecord, Listed {
  place: number | undefined
  readonly head: RequestHead
  /** Emptied at the end: records wait a moment, and would keep the objects of the connection in memory. */
  client: ClientSide
  readonly requestId: string
  readonly facts = new Facts()
  readonly hold: Hold
  /** The owner of this request's claims. */
  readonly owner = nextOwner()
  refusal: Reason | undefined
  fault: GatewayFault | undefined
  status: number | undefined
  upstreamStatus: number | undefined
  upstreamDurationMs: number | undefined
  diagnosis: Diagnosis | undefined
  endedMs = 0
  endedMonotonicMs = 0
  /** The connection to the app, after both sides have switched to another protocol. */
  tunnel: Socket | undefined
  /** Set while the app is being called. */
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

  /** Sends the refusal, with the status of its reason. */
  refuse(reason: Reason): void {
    this.refusal = reason
    this.status = sendRefusal(this.client.response, reason, this)
    // The body that was read is no longer needed.
    this.hold.releaseBytes()
  }

  /**
   * Sends the response for a fault.
   * @param thrown any value.
   */
  fail(thrown: unknown): void {
    this.fault = this.#cutBy ?? toFault(thrown)
    this.status = sendFault(this.client.response, this.fault, this)
  }

  /** Ends the exchange. Later errors are a consequence of this fault. */
  cut(fault: GatewayFault): void {
    this.#cutBy ??= fault
    this.call?.onFault(fault)
  }

  /**
   * To be called when the response has been sent or the request was forwarded, so that the client does not
   * notice the time that it takes, and the body is not kept longer.
   */
  diagnose(budget: DiagnosisBudget): void {
    const { head, facts, refusal } = this
    this.diagnosis = diagnose(head, facts, refusal, budget, this.#clock.monotonicMs())
    this.#dropBodies()
  }

  /** Starts the measurement of the app's response time. */
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

  /** Releases its resources and has its record written, perhaps a moment later. */
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

  /** A fault may precede the diagnosis. The memory for bodies is released, so no body may be kept. */
  #dropBodies(): void {
    this.facts.evidence = undefined
    this.facts.replayedBody = undefined
  }
}

/** Inngest's own id if it is a plain one, so that its traces and this log can be matched. */
function requestIdOf(head: RequestHead): string {
  const ids = fieldValues(head.rawHeaders, 'x-request-id')
  const [id = ''] = ids
  // The id is logged and sent to the app, so an id that contains a key is not used.
  const isPlain = ids.length === 1 && /^[\w.-]{1,128}$/.test(id) && !holdsKey(id)
  return isPlain ? id : randomUUID()
}

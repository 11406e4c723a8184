/**
 * One request on its way through: what it holds, and every fact of it. Its record is read from it: once
 * it has ended, those facts stay as they are until the recorder has written them.
 */
import { randomUUID } from 'node:crypto'

import type { DiagnosisBudget } from '../diagnosis/budget.ts'
import { diagnose, type Diagnosis } from '../diagnosis/diagnose.ts'
import { Facts } from '../admit/facts.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import { GatewayFault, toFault } from '../admit/faults.ts'
import type { Clock } from '../record/clock.ts'
import type { Recorder } from '../record/recorder.ts'
import type { RequestRecord } from '../record/request-record.ts'
import type { Reason } from '../admit/reasons.ts'
import { holdsKey } from '../redact/redact-secrets.ts'
import { nextOwner } from '../replay/store.ts'
import type { Capacity, Hold } from './capacity.ts'

export class Exchange implements RequestRecord {
  readonly head: RequestHead
  readonly requestId: string
  readonly facts = new Facts()
  readonly hold: Hold
  /** Of what this request claims. */
  readonly owner = nextOwner()
  refusal: Reason | undefined
  fault: GatewayFault | undefined
  upstreamStatus: number | undefined
  upstreamDurationMs: number | undefined
  diagnosis: Diagnosis | undefined
  endedMs = 0
  endedMonotonicMs = 0
  /** While the app is being called: ends that. */
  onCut: ((fault: GatewayFault) => void) | undefined
  #brokenBy: Reason | undefined
  #interrupt: ((reason: Reason) => void) | undefined
  #isDecided = false
  #isEnded = false
  #status: number | undefined
  #cutBy: GatewayFault | undefined
  readonly #startedMs: number
  readonly #clock: Clock

  constructor(head: RequestHead, capacity: Capacity, clock: Clock) {
    this.head = head
    this.requestId = requestIdOf(head)
    this.hold = capacity.hold()
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  get status(): number | undefined {
    return this.#status
  }

  /** Of what is sent after the end, such as for an upgrade whose client has left, nothing is recorded. */
  set status(status: number | undefined) {
    if (!this.#isEnded) this.#status = status
  }

  get durationMs(): number {
    return this.endedMonotonicMs - this.#startedMs
  }

  get answerTo(): { method: string; requestId: string } {
    return { method: this.head.method, requestId: this.requestId }
  }

  /** While a body is being read: how to end that from outside. */
  setInterrupt(interrupt: ((reason: Reason) => void) | undefined): void {
    this.#interrupt = interrupt
    if (this.#brokenBy !== undefined) interrupt?.(this.#brokenBy)
  }

  /**
   * What follows on the connection cannot be read. @returns false if the decision is taken already,
   * so that this is not about this request.
   */
  breakOff(reason: Reason): boolean {
    if (this.#isDecided) return false
    this.#brokenBy = reason
    this.#interrupt?.(reason)
    return true
  }

  /** @returns why what follows cannot be read, if that became known before. */
  decided(): Reason | undefined {
    this.#isDecided = true
    return this.#brokenBy
  }

  /** The gateway ends it itself: whatever breaks from now on broke for this. */
  cut(fault: GatewayFault): void {
    this.#cutBy ??= fault
    this.onCut?.(fault)
  }

  failed(thrown: unknown): GatewayFault {
    this.fault = this.#cutBy ?? toFault(thrown)
    return this.fault
  }

  /**
   * To be asked when the answer has been sent, or the app been called: what it takes is not for the
   * sender to see, and the body is not kept for longer.
   */
  diagnose(budget: DiagnosisBudget): void {
    const { head, facts, refusal } = this
    this.diagnosis = diagnose(head, facts, refusal, budget, this.#clock.monotonicMs())
    this.#dropBodies()
  }

  /** Times what the app takes. */
  async timeUpstream(call: () => Promise<number>): Promise<void> {
    const sentMs = this.#clock.monotonicMs()
    try {
      this.upstreamStatus = await call()
      this.status = this.upstreamStatus
      if (this.#cutBy !== undefined) throw this.#cutBy
    } finally {
      this.upstreamDurationMs = this.#clock.monotonicMs() - sentMs
    }
  }

  /** Gives back what it holds and has its record written, which may be a moment later. */
  end(recorder: Pick<Recorder, 'add'>): void {
    this.hold.end()
    this.endedMonotonicMs = this.#clock.monotonicMs()
    this.endedMs = this.#clock.nowMs()
    this.#isEnded = true
    this.#dropBodies()
    this.onCut = undefined
    this.#interrupt = undefined
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

/** One request on its way through: what it holds, what became of it, and its one record. */
import { randomUUID } from 'node:crypto'

import type { DiagnosisBudget } from '../diagnosis/budget.ts'
import { diagnose, type Diagnosis } from '../diagnosis/diagnose.ts'
import { Findings } from '../admit/facts.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import { GatewayFault, toFault } from '../admit/faults.ts'
import type { Clock } from '../record/clock.ts'
import type { Recorder } from '../record/recorder.ts'
import type { Reason } from '../admit/reasons.ts'
import { holdsKey } from '../redact/redact-secrets.ts'
import { nextOwner } from '../replay/store.ts'
import type { Capacity, Hold } from './capacity.ts'

export class Exchange {
  readonly head: RequestHead
  readonly requestId: string
  readonly findings = new Findings()
  readonly hold: Hold
  /** Of what this request claims. */
  readonly owner = nextOwner()
  refusal: Reason | undefined
  status: number | undefined
  upstreamStatus: number | undefined
  upstreamDurationMs: number | undefined
  diagnosis: Diagnosis | undefined
  /** While the app is being called: ends that. */
  onCut: ((fault: GatewayFault) => void) | undefined
  #brokenBy: Reason | undefined
  #interrupt: ((reason: Reason) => void) | undefined
  #isDecided = false
  #fault: GatewayFault | undefined
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
    this.#fault = this.#cutBy ?? toFault(thrown)
    return this.#fault
  }

  /**
   * To be asked when the answer has been sent, or the app been called: what it takes is not for the
   * sender to see, and the body is not kept for longer.
   */
  diagnose(budget: DiagnosisBudget): void {
    const { head, findings, refusal } = this
    this.diagnosis = diagnose(head, findings, refusal, budget, this.#clock.monotonicMs())
    findings.evidence = undefined
    findings.replayedBody = undefined
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

  /** Gives back what it holds and writes its record. */
  end(recorder: Recorder): void {
    this.hold.end()
    const endedMonotonicMs = this.#clock.monotonicMs()
    const { head, requestId, findings, refusal, status, upstreamStatus, diagnosis } = this
    recorder.add({
      requestId,
      head,
      findings,
      refusal,
      fault: this.#fault,
      status,
      upstreamStatus,
      diagnosis,
      durationMs: endedMonotonicMs - this.#startedMs,
      upstreamDurationMs: this.upstreamDurationMs,
      endedMs: this.#clock.nowMs(),
      endedMonotonicMs,
    })
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

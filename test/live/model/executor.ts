/**
 * The part of Inngest's server that runs functions, as far as the workload needs it, in the shapes that the
 * server was recorded to send (test/vectors/recorded). Left out: real times, limits, queues, checkpoints that
 * are refused, and what no function of the workload uses.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

import {
  callApp,
  type Operation,
  type RegisteredFunction,
  type Run,
  type SentEvent,
} from './run.ts'

interface Wait {
  readonly event: string
  readonly run: Run
  readonly resume: (event: SentEvent | null) => void
}

/** Of sleeps, retries and waits that time out. */
const SHORT_MS = 200
const BATCH_MS = 500

export class Executor {
  readonly functions = new Map<string, RegisteredFunction>()
  readonly runs: Run[] = []
  readonly #waits = new Set<Wait>()
  readonly #batches = new Map<string, SentEvent[]>()
  readonly #signingKey: string
  readonly #repeatsCalls: boolean

  /** @param repeatsCalls sends each call twice, which no honest server does. */
  constructor(signingKey: string, repeatsCalls: boolean) {
    this.#signingKey = signingKey
    this.#repeatsCalls = repeatsCalls
  }

  /** @returns the id of the event. */
  receive(name: string, data: SentEvent['data']): string {
    const event = { id: randomUUID(), name, data, ts: Date.now() }
    for (const wait of this.#waits) {
      if (wait.event === name && wait.run.events[0]?.data['id'] === data['id']) wait.resume(event)
    }
    for (const fn of this.functions.values()) {
      if (!fn.triggers.some((trigger) => trigger.event === name && !trigger.expression)) continue
      if (fn.batchEvents === undefined) this.#start(fn, [event])
      else this.#collect(fn, fn.batchEvents.maxSize, event)
    }
    return event.id
  }

  /** What the app reports while it goes on with a run (`POST /v1/checkpoint/ID/async`). */
  checkpoint(run: Run, operations: readonly Operation[]): void {
    for (const { op, id, data } of operations) {
      if (op === 'StepRun') run.steps[id] = { data: data ?? null }
    }
  }

  #collect(fn: RegisteredFunction, maxSize: number, event: SentEvent): void {
    const events = [...(this.#batches.get(fn.id) ?? []), event]
    this.#batches.set(fn.id, events)
    const flush = () => {
      if (this.#batches.get(fn.id) !== events) return
      this.#batches.delete(fn.id)
      this.#start(fn, events)
    }
    if (events.length >= maxSize) flush()
    else setTimeout(flush, BATCH_MS)
  }

  #start(
    fn: RegisteredFunction,
    events: readonly SentEvent[],
    onEnd: Run['onEnd'] = () => undefined,
  ) {
    const run: Run = {
      id: randomUUID(),
      fn,
      events,
      steps: {},
      status: 'Running',
      pending: new Set(),
      onEnd,
    }
    this.runs.push(run)
    this.#call(run, 'step')
  }

  #call(run: Run, stepId: string, attempt = 0): void {
    void this.#dispatch(run, stepId, attempt).catch((error: unknown) => {
      console.error(`${run.fn.id}: ${String(error)}`)
    })
  }

  async #dispatch(run: Run, stepId: string, attempt: number): Promise<void> {
    const { status, body, mayRetry } = await callApp(run, stepId, attempt, {
      signingKey: this.#signingKey,
      repeats: this.#repeatsCalls,
    })
    if (status === 206) {
      await this.#apply(run, JSON.parse(body) as readonly Operation[], stepId, attempt)
    } else if (status === 200) this.#end(run, 'Completed', JSON.parse(body))
    else if (mayRetry && attempt < 3) {
      await delay(SHORT_MS)
      this.#call(run, stepId, attempt + 1)
    } else this.#fail(run, body)
  }

  async #apply(
    run: Run,
    operations: readonly Operation[],
    stepId: string,
    attempt: number,
  ): Promise<void> {
    const planned = operations.filter(({ op }) => op === 'StepPlanned')
    for (const { id } of planned) {
      run.pending.add(id)
      this.#call(run, id)
    }
    for (const operation of operations) {
      if (operation.op === 'StepPlanned') continue
      if (operation.op === 'RunComplete') {
        this.#end(run, 'Completed', operation.data)
        return
      }
      if (operation.op === 'StepError') {
        await delay(SHORT_MS)
        this.#call(run, stepId, attempt + 1)
        return
      }
      run.steps[operation.id] = await this.#resultOf(run, operation)
      run.pending.delete(operation.id)
    }
    if (planned.length === 0 && run.pending.size === 0) this.#call(run, 'step')
  }

  async #resultOf(run: Run, operation: Operation): Promise<unknown> {
    const { op, name = '', data = null, error, opts = {} } = operation
    switch (op) {
      case 'StepRun':
        return { data }
      case 'StepFailed':
        return { error }
      case 'Sleep':
        await delay(SHORT_MS)
        return null
      case 'WaitForEvent':
        return await this.#wait(run, name, opts.timeout)
      case 'InvokeFunction':
        return { data: await this.#invoke(opts.function_id, opts.payload?.data) }
      default:
        throw new Error(`the model of Inngest's server does not know ${op}`)
    }
  }

  async #wait(run: Run, event: string, timeout = ''): Promise<SentEvent | null> {
    const { promise, resolve } = Promise.withResolvers<SentEvent | null>()
    const wait = { event, run, resume: resolve }
    this.#waits.add(wait)
    if (timeout.endsWith('s')) {
      setTimeout(() => {
        resolve(null)
      }, SHORT_MS)
    }
    const found = await promise
    this.#waits.delete(wait)
    return found
  }

  async #invoke(id = '', data: SentEvent['data'] = {}): Promise<unknown> {
    const fn = this.functions.get(id)
    if (fn === undefined) throw new Error(`no function ${id}`)
    const { promise, resolve } = Promise.withResolvers()
    const event = { id: randomUUID(), name: 'inngest/function.invoked', data, ts: Date.now() }
    this.#start(fn, [event], resolve)
    return await promise
  }

  #end(run: Run, status: Run['status'], result: unknown): void {
    run.status = status
    run.onEnd(result)
  }

  /** The SDK registers a failure handler as a function of its own. */
  #fail(run: Run, error: string): void {
    this.#end(run, 'Failed', null)
    const handler = this.functions.get(`${run.fn.id}-failure`)
    if (handler === undefined) return
    const data = {
      error: JSON.parse(error) as unknown,
      event: run.events[0],
      function_id: run.fn.id,
      run_id: run.id,
    }
    this.#start(handler, [
      { id: randomUUID(), name: 'inngest/function.failed', data, ts: Date.now() },
    ])
  }
}

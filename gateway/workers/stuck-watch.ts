/**
 * Ends a worker that no longer responds. No other worker accepts the connections that the kernel has queued
 * for it, and new ones are added to that queue (docs/decisions/0008-workers.md).
 */
import { setTimeout as delay } from 'node:timers/promises'

import { ANSWER_WITHIN_MS, type WorkerProcess } from './worker-process.ts'

const ASK_EVERY_MS = 1000

/** Several in a row, because after a suspend of the machine a single missing reply means nothing. */
const MOST_UNANSWERED = 5

/** Resolves when the worker serves, or has ended by itself or here. */
export async function endWhenLate(worker: WorkerProcess, withinMs: number): Promise<void> {
  const timer = setTimeout(() => {
    worker.kill(`not serving ${String(withinMs / 1000)} s after its start`)
  }, withinMs)
  await worker.serving.catch(() => undefined)
  clearTimeout(timer)
}

/** Resolves when the worker has ended, by itself or here. */
export async function endWhenStuck(worker: WorkerProcess): Promise<void> {
  let unanswered = 0
  while (worker.isServing) {
    const told = await worker.ask('requestsInFlight')
    unanswered = told === undefined ? unanswered + 1 : 0
    if (unanswered === MOST_UNANSWERED) {
      worker.kill(`no response for ${String((MOST_UNANSWERED * ANSWER_WITHIN_MS) / 1000)} s`)
      return
    }
    if (told !== undefined) await delay(ASK_EVERY_MS, undefined, { ref: false })
  }
}

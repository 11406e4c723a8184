/**
 * Shares one run among all concurrent callers. Callers within `pauseMs` of its end share the next run. So the
 * work takes a bounded share of the process.
 */
import { setTimeout as delay } from 'node:timers/promises'

/** @param pauseMs from the end of one run to the start of the next. */
export function singleFlight<T>(make: () => Promise<T>, pauseMs: number): () => Promise<T> {
  let shared: Promise<T> | undefined
  let nextAtMs = 0
  const run = async (): Promise<T> => {
    const waitMs = nextAtMs - performance.now()
    if (waitMs > 0) await delay(waitMs)
    try {
      return await make()
    } finally {
      nextAtMs = performance.now() + pauseMs
      shared = undefined
    }
  }
  return () => (shared ??= run())
}

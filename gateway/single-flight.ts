/**
 * One making of something for all who ask while it is made. Who asks in the pause behind it shares the
 * next one: however often it is asked for, it takes a bounded part of the time of this process.
 */
import { setTimeout as delay } from 'node:timers/promises'

/** @param pauseMs from the end of one to the beginning of the next. */
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

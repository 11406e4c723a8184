import { setTimeout as delay } from 'node:timers/promises'

/** Much more than a busy machine takes. */
const PATIENCE_MS = 60_000

/** @throws if it does not come true. */
export async function until(what: string, isSo: () => unknown): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error(`waited in vain: ${what}`)
    await delay(10)
  }
}

/** Calls a shared store with the timeout that the operator configured. */
import { setReplyTimeout } from './store.ts'

/**
 * @param unavailableBecause why the store cannot be used; undefined if it can.
 * @throws if the store is unavailable or does not reply in time.
 */
export function askInTime<T>(
  ask: () => Promise<T>,
  unavailableBecause: string | undefined,
  timeoutMs: number,
): Promise<T> {
  if (unavailableBecause !== undefined) {
    return Promise.reject(new Error(`replay store unavailable: ${unavailableBecause}`))
  }
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setReplyTimeout(timeoutMs, () => {
    reject(new Error('replay store unavailable: no response in time'))
  })
  ask()
    .then(resolve, reject)
    .finally(() => {
      clearTimeout(timer)
    })
  return promise
}

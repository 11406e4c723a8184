/** Asks a shared store, for no longer than the operator allows. */
import { setReplyTimeout } from './store.ts'

/**
 * @param unavailableBecause undefined if the store can be asked.
 * @throws if it cannot be asked, or does not answer in time.
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

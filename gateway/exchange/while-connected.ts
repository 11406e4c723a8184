/** Runs work that is useful only as long as the client waits for its response. */
import type { ClientResponse } from '../accept/client-response.ts'
import { GatewayFault } from '../admit/faults.ts'

/**
 * @param work is aborted when the client leaves.
 * @throws GatewayFault `downstream_closed` when the client leaves, without waiting for the work.
 */
export async function whileConnected<T>(
  response: Pick<ClientResponse, 'isClosed' | 'watcher'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (response.isClosed) throw new GatewayFault('downstream_closed')
  const leaving = new AbortController()
  const { promise: gone, reject } = Promise.withResolvers<never>()
  response.watcher = {
    onResponseClosed: () => {
      reject(new GatewayFault('downstream_closed'))
    },
  }
  try {
    return await Promise.race([work(leaving.signal), gone])
  } finally {
    response.watcher = undefined
    leaving.abort()
  }
}

/** Work that is of use only as long as the client waits for its answer. */
import type { ServerResponse } from 'node:http'

import { GatewayFault } from '../admit/faults.ts'

/**
 * @param work told when the client leaves.
 * @throws GatewayFault `downstream_closed` then, without waiting for the work.
 */
export async function whileConnected<T>(
  response: ServerResponse,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (response.closed) throw new GatewayFault('downstream_closed')
  const leaving = new AbortController()
  const { promise: gone, reject } = Promise.withResolvers<never>()
  const onGone = () => {
    reject(new GatewayFault('downstream_closed'))
  }
  response.on('close', onGone)
  try {
    return await Promise.race([work(leaving.signal), gone])
  } finally {
    response.off('close', onGone)
    leaving.abort()
  }
}

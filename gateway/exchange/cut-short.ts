/** An answer that has begun and will not be whole: it must not look complete. */
import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * Where the length is said, or in chunks, the end of the connection tells. An answer in HTTP/1.0 ends
 * with it, so that only a reset does (RFC 9112 8); TLS has its own word for the end, which is not sent.
 */
export function cutShort(response: ServerResponse): void {
  const { socket, req } = response
  const isPlain = socket instanceof Socket && !(socket instanceof TLSSocket)
  if (isPlain && req.httpVersion === '1.0') socket.resetAndDestroy()
  response.destroy()
}

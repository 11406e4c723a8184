import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'

import { sendRefusal } from '../../../gateway/exchange/error-response.ts'
import { open } from '../../support/raw.ts'

it('keeps nothing of a body that is refused before it has come', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const asked = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>
  const socket = await open((server.address() as AddressInfo).port)
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  const [request, response] = await asked
  sendRefusal(response, 'route_not_found', { method: 'POST', requestId: 'r' })
  socket.write(`${'1\r\nX\r\n'.repeat(1000)}0\r\n\r\n`)
  await expect.poll(() => request.complete).toBe(true)
  expect(request.readableLength).toBe(0)
  socket.destroy()
  server.close()
})

import { expect, it } from 'vitest'

import type { ClientRequest } from '../../../gateway/accept/client-request.ts'
import { sendRefusal } from '../../../gateway/exchange/error-response.ts'
import { startClientSide } from '../../support/client-side.ts'
import { open } from '../../support/raw.ts'

it('keeps nothing of a body that is refused before it has come', async () => {
  let refused: ClientRequest | undefined
  const { port, open: connections } = await startClientSide((request, response) => {
    refused = request
    sendRefusal(response, 'route_not_found', { head: request.head, requestId: 'r' })
  })
  const socket = await open(port)
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  await expect.poll(() => refused).toBeDefined()
  const body = `${'1\r\nX\r\n'.repeat(1000)}0\r\n\r\n`
  const before = connections[0]?.socket.bytesRead ?? 0
  socket.write(body)
  await expect.poll(() => connections[0]?.socket.bytesRead).toBe(before + body.length)
  expect(refused?.waitingBytes).toBe(0)
  socket.destroy()
})

import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Dispatcher } from 'undici'
import { expect, it } from 'vitest'

import { GatewayFault } from '../../../gateway/admit/faults.ts'
import { AnswerRelay } from '../../../gateway/forward/response-handler.ts'
import { sendFault } from '../../../gateway/exchange/error-response.ts'

const redirect = {
  rawHeaders: [Buffer.from('location'), Buffer.from('/there')],
  pause: () => undefined,
  resume: () => undefined,
} as unknown as Dispatcher.DispatchController

/** An app's redirect that breaks off while its target is made known. */
async function breakOff(response: ServerResponse): Promise<void> {
  const rearmed = Promise.withResolvers<undefined>()
  const events = { onBodySent: () => undefined, onRedirect: () => rearmed.promise }
  const answered = new Promise<number>((resolve, reject) => {
    const relay = new AnswerRelay('POST', response, events, resolve, reject)
    relay.onResponseStart(redirect, 307)
    relay.onResponseError(redirect, new Error('reset'))
  })
  await expect(answered).rejects.toMatchObject({ code: 'upstream_connect' })
  sendFault(response, new GatewayFault('upstream_reset'), { method: 'POST', requestId: 'r' })
  rearmed.resolve(undefined)
}

// What is rejected and handled by nobody would end the gateway, and fails a test.
it('answers a redirect that breaks off with a fault, and nothing after that', async () => {
  const server = createServer((_, response) => void breakOff(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${String(port)}/`)
  expect([answer.status, answer.headers.get('location')]).toEqual([502, null])
  expect(await answer.json()).toMatchObject({ requestId: 'r' })
  server.close()
})

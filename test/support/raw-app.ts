/** A gateway in front of an app that sends the exact bytes of the test. */
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterEach } from 'vitest'

import { callBytes, startTarget, type Target } from './attack.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** @param answer the response to the first bytes of each connection, which then ends; or a handler for them. */
export async function startBefore(
  answer: string | ((socket: Socket) => void),
  config: object = {},
): Promise<Target> {
  const say =
    typeof answer === 'function' ? answer : (socket: Socket) => socket.end(answer, 'latin1')
  const app = net.createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        say(socket)
      })
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  stops.push(() => app.close())
  const upstream = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
  return startTarget({
    routes: [
      { name: 'inngest', path: '/api/inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
      { name: 'app', policy: 'passthrough', upstream },
    ],
    ...config,
  })
}

/** For the passthrough route. */
export const plainRequest = callBytes('', ['Connection: close'], 'GET /x HTTP/1.1')

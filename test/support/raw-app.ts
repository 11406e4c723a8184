/** A gateway before an app that says byte for byte what the test wants. */
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterEach } from 'vitest'

import { callBytes, startTarget, type Target } from './attack.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** @param answer to the first bytes of each connection, which ends then; or what to do with them. */
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

/** For the route that is passed through. */
export const plainRequest = callBytes('', ['Connection: close'], 'GET /x HTTP/1.1')

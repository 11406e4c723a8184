/** An app that responds to each request with exact bytes, and a gateway in front of it. */
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterEach } from 'vitest'

import { callBytes, signedCall, startTarget, type Target } from './attack.ts'
import { takeRequest, type SeenRequest } from './lenient-upstream.ts'

/** Called for each complete request. @param index counts the requests of all connections from 0. */
type Respond = (socket: Socket, request: SeenRequest, index: number) => unknown

export interface ScriptedApp {
  readonly url: string
  readonly seen: SeenRequest[]
  /** Open connections, oldest first. */
  readonly sockets: Socket[]
  connectionsEver: number
}

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

export async function startScriptedApp(respond: Respond): Promise<ScriptedApp> {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const app: ScriptedApp = { url, seen: [], sockets: [], connectionsEver: 0 }
  server.on('connection', (socket) => {
    app.connectionsEver += 1
    app.sockets.push(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => app.sockets.splice(app.sockets.indexOf(socket), 1))
    let pending = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      pending += text
      for (let taken = takeRequest(pending); taken; taken = takeRequest(pending)) {
        pending = taken.rest
        app.seen.push(taken.request)
        respond(socket, taken.request, app.seen.length - 1)
      }
    })
  })
  stops.push(() => {
    server.close()
    for (const socket of app.sockets) socket.destroy()
  })
  return app
}

/** @param respond the app's reaction to a request, or the bytes of its responses; the last one repeats. */
export async function startScripted(
  respond: Respond | readonly string[],
  config: object = {},
): Promise<{ target: Target; app: ScriptedApp }> {
  const app = await startScriptedApp(
    typeof respond === 'function'
      ? respond
      : (socket, _request, index) =>
          socket.write(respond[Math.min(index, respond.length - 1)] ?? '', 'latin1'),
  )
  return { target: await startTarget({ routes: bothRoutes(app.url), ...config }), app }
}

/** An Inngest route, and a passthrough route for all other paths. */
export function bothRoutes(upstream: string): object[] {
  return [
    { name: 'inngest', path: '/api/inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
    { name: 'app', policy: 'passthrough', upstream },
  ]
}

/** One of each kind of route. */
export const kinds = ['a signed call', 'a plain request'] as const

export type Kind = (typeof kinds)[number]

/**
 * A request that closes its connection.
 * @param more header lines.
 */
export function requestOf(kind: Kind, target: Target, more: readonly string[] = []): string {
  if (kind === 'a signed call') return signedCall(target, more)
  return callBytes('', ['Connection: close', ...more], 'GET /x HTTP/1.1')
}

/** The same on a connection that is kept open. */
export function keptRequestOf(kind: Kind, target: Target, more: readonly string[] = []): string {
  return requestOf(kind, target, more).replace('Connection: close\r\n', '')
}

/** A response with a length. */
export function ok(body: string, ...headers: readonly string[]): string {
  const lines = ['HTTP/1.1 200 OK', `Content-Length: ${String(body.length)}`, ...headers]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** An app of the test, a gateway in front of it, and a signed call; all stopped after each test. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

import { send, signatureHeader, type Answer } from './sender.ts'
import { startTestGateway, testKey, type TestGateway } from './test-gateway.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

export const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

type Config = Readonly<Record<string, unknown>>

/** @param paths of routes to the app; default is a path of its own. */
export async function startBehind(
  handler: Handler,
  config: Config | ((url: string) => Config) = {},
  listenOn?: string,
  paths?: readonly string[],
): Promise<TestGateway> {
  const app = createServer((request, response) => {
    let body = ''
    request
      .setEncoding('latin1')
      .on('data', (text: string) => (body += text))
      .on('end', () => {
        handler(request, response, body)
      })
  })
  if (listenOn === undefined) app.listen(0, '127.0.0.1')
  else app.listen(listenOn)
  await once(app, 'listening')
  stops.push(() => {
    app.close()
    app.closeAllConnections()
  })
  const address = app.address()
  const url =
    typeof address === 'string'
      ? `unix:${address}`
      : `http://127.0.0.1:${String((address as AddressInfo).port)}`
  const routes = paths?.map((path, i) => ({
    name: `app-${String(i)}`,
    path,
    upstream: url,
    signingKeys: [{ env: 'PRIMARY' }],
  }))
  const laidOver = typeof config === 'function' ? config(url) : config
  return track(await startTestGateway(url, { ...laidOver, ...(routes && { routes }) }))
}

export function track(gateway: TestGateway): TestGateway {
  stops.push(() => gateway.stop())
  return gateway
}

let serial = 0

/** The canonical body of the call that was sent last. */
export function lastBody(): string {
  return `{"ctx":{"request_id":"${String(serial)}","run_id":"run"},"x":"\u00e9&"}`
}

/** @param wire makes another spelling of the signed body, which is sent instead. */
export function call(
  gateway: TestGateway,
  headers: Record<string, string | string[]> = {},
  wire: (body: string) => string = (body) => body,
): Promise<Answer> {
  serial += 1
  const body = lastBody()
  const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
  return send({
    port: gateway.port,
    target: '/api/inngest?fnId=a%20b&x=~',
    headers: { 'x-inngest-signature': signature, ...headers },
    body: wire(body),
  })
}

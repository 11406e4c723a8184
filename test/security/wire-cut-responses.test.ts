/**
 * Responses that are cut short, and responses that come before the request has ended: the first must
 * never look complete, the second must not be lost:
 *
 *   POST /x … (1 of 3 MiB) → HTTP/1.1 413 Too Large\r\n … (reset)
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget, type Target } from '../support/attack.ts'
import { startNetwork } from '../support/network.ts'
import { startBefore } from '../support/raw-app.ts'
import { openClient, readResponse } from '../support/raw-response.ts'
import {
  bothRoutes,
  keptRequestOf,
  kinds,
  ok,
  requestOf,
  startScripted,
  type Kind,
} from '../support/scripted-app.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

describe.each(kinds)('the response to %s', (kind) => {
  it.each([
    ['a length', 'FIN', 'Content-Length: 10\r\n\r\nhello'],
    ['a length', 'reset', 'Content-Length: 10\r\n\r\nhello'],
    ['chunks', 'FIN', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['chunks', 'reset', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['the end of its connection', 'reset', '\r\nhello'],
  ])('does not look complete if it is framed by %s after a %s', async (_what, how, after) => {
    const { target, app } = await startScripted([`HTTP/1.1 200 OK\r\n${after}`])
    const client = await openClient(target.gateway.port)
    client.socket.write(keptRequestOf(kind, target))
    await expect.poll(() => client.text()).toContain('hello')
    if (how === 'FIN') app.sockets[0]?.end()
    else app.sockets[0]?.resetAndDestroy()
    await expect.poll(() => target.reasons()).toHaveLength(1)
    await expect.poll(() => client.isEnded() || client.text().endsWith('\r\n0\r\n\r\n')).toBe(true)
    expect(readResponse(client.text())).toMatchObject({ status: 200, body: undefined })
    expect(target.reasons()).toEqual(['upstream_reset'])
    client.socket.destroy()
  })

  // An end of TLS without close_notify looks like a proper one.
  it.each([
    ['a length', 'Content-Length: 10\r\n\r\nhello'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ])('does not look complete if it is framed by %s where TLS is cut', async (_what, after) => {
    const fixture = (name: string) => `test/fixtures/tls/${name}`
    const pem = { cert: readFileSync(fixture('cert.pem')), key: readFileSync(fixture('key.pem')) }
    const app = createServer(pem, (socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${after}`))
    }).listen(0, '127.0.0.1')
    await once(app, 'listening')
    stops.push(() => app.close())
    const network = await startNetwork((app.address() as AddressInfo).port)
    const upstreamTls = { caFile: fixture('cert.pem') }
    const routes = bothRoutes(`https://127.0.0.1:${String(network.port)}`)
    const target = await startTarget({ routes: routes.map((route) => ({ ...route, upstreamTls })) })
    const client = await openClient(target.gateway.port)
    client.socket.write(keptRequestOf(kind, target))
    await expect.poll(() => client.text()).toContain('hello')
    network.cutOff()
    await expect.poll(() => client.isEnded()).toBe(true)
    expect(readResponse(client.text())).toMatchObject({ status: 200, body: undefined })
    await expect.poll(() => target.reasons()).toEqual(['upstream_reset'])
    client.socket.destroy()
  })
})

const mebibytes = (count: number) => 'x'.repeat(count * 1024 * 1024)

/** Three MiB are more than all buffers on the way hold, so the app responds before the body has ended. */
function uploadOf(kind: Kind, target: Target): string {
  const body = `{"ctx":{"run_id":"run"},"x":"${mebibytes(3)}","y":${String((uploads += 1))}}`
  if (kind === 'a signed call') return signedCall(target, [], body)
  const length = `Content-Length: ${String(body.length)}`
  return callBytes(body, [length, 'Connection: close'], 'POST /x HTTP/1.1')
}

let uploads = 0

describe.each(kinds)('an app that responds early to %s', (kind) => {
  const tooLarge = 'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge'

  it('has its response passed on, although it then resets the connection', async () => {
    const sockets: Socket[] = []
    const target = await startBefore((socket) => {
      sockets.push(socket.pause())
      socket.write(tooLarge)
    })
    const client = await openClient(target.gateway.port)
    client.socket.write(uploadOf(kind, target))
    await expect.poll(() => client.text()).toMatch(/\r\n\r\nlarge$/)
    for (const socket of sockets) socket.resetAndDestroy()
    await expect.poll(() => client.isEnded()).toBe(true)
    expect(readResponse(client.text())).toMatchObject({ status: 413, body: 'large' })
    expect(sockets).toHaveLength(1)
    expect(target.reasons()).toEqual(['none'])
    client.socket.destroy()
  })

  // A reset can overtake the response: then there was none.
  it('has its response forwarded or causes a 502 if it closes at once, and gets no second request', async () => {
    let requests = 0
    const target = await startBefore((socket) => {
      requests += 1
      socket.write(tooLarge)
      socket.destroy()
    })
    const { status, body } = readResponse(await target.raw(uploadOf(kind, target)))
    expect(body).toMatch(status === 413 ? /^large$/ : /Bad Gateway/)
    expect([413, 502]).toContain(status)
    expect(requests).toBe(1)
  })

  it('causes a 502 by a reset alone, and gets no second request', async () => {
    let requests = 0
    const target = await startBefore((socket) => {
      requests += 1
      socket.resetAndDestroy()
    })
    const response = readResponse(await target.raw(uploadOf(kind, target)))
    expect(response.status).toBe(502)
    expect(requests).toBe(1)
    expect(target.reasons()).toEqual(['upstream_reset'])
  })
})

it('closes a connection whose request body has not ended', async () => {
  const target = await startBefore((socket) => socket.write(ok('early')))
  const client = await openClient(target.gateway.port)
  client.socket.write(callBytes('hello', ['Content-Length: 10'], 'POST /x HTTP/1.1'))
  await expect.poll(() => client.text()).toMatch(/\r\n\r\nearly$/)
  const next = readResponse(await target.raw(requestOf('a plain request', target)))
  expect(next).toMatchObject({ status: 200, body: 'early' })
  client.socket.destroy()
})

/**
 * An app may close an idle connection just as the next request is sent on it. A GET or HEAD is then sent
 * once more, on a fresh connection, as long as no byte of a response came (RFC 9110 9.2.2, RFC 9112 9.3.1).
 * No other request is ever sent twice: the app may have acted on it.
 */
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { callAsUser, durableConfig, reenter } from '../support/durable-route.ts'
import { readResponse } from '../support/raw-response.ts'
import {
  kinds,
  ok,
  requestOf,
  startScripted,
  startScriptedApp,
  type Kind,
} from '../support/scripted-app.ts'

/** Each by the kind of its route. */
const safe = [
  ['GET /api/inngest HTTP/1.1', 'a signed call'],
  ['GET /x HTTP/1.1', 'a plain request'],
  ['HEAD /x HTTP/1.1', 'a plain request'],
] as const

function safeRequest(line: string, target: Target): string {
  const signature = `X-Inngest-Signature: ${target.sign('')}`
  return callBytes('', [signature, 'Connection: close'], line)
}

const second = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Second: 1\r\n\r\n'

const closings: readonly (readonly [string, (socket: Socket) => unknown])[] = [
  ['closes', (socket) => socket.end()],
  ['is reset', (socket) => socket.resetAndDestroy()],
]

/** An app that has responded to its first request. @param later what it does with all others. */
async function startUsed(
  kind: Kind,
  later: (socket: Socket, index: number) => unknown,
  config: object = {},
) {
  const { target, app } = await startScripted((socket, _request, index) => {
    if (index === 0) socket.write(ok('first'))
    else later(socket, index)
  }, config)
  const first = readResponse(await target.raw(requestOf(kind, target)))
  expect(first).toMatchObject({ status: 200, body: 'first' })
  return { target, app }
}

describe.each(closings)('a reused connection that %s without a byte', (_how, close) => {
  it('has no GET of a durable route sent again, which would start a run or a step twice', async () => {
    const app = await startScriptedApp((socket, _request, index) => {
      if (index % 2 === 0) socket.write(ok('first'))
      else close(socket)
    })
    const target = await startTarget(durableConfig(app.url))
    for (const send of [callAsUser, reenter]) {
      expect((await send(target)).status).toBe(200)
      expect((await send(target)).status).toBe(502)
    }
    expect(app.seen).toHaveLength(4)
  })

  it.each(safe)('has %s sent once more on a fresh connection', async (line, kind) => {
    const { target, app } = await startUsed(kind, (socket, index) =>
      index === 1 ? close(socket) : socket.write(second),
    )
    const response = readResponse(await target.raw(safeRequest(line, target)))
    expect(response).toMatchObject({ status: 200, rest: '' })
    expect(response.head).toMatch(/^x-second: 1\r$/im)
    expect(app.seen.slice(1).map((request) => request.line)).toEqual([line, line])
    expect(app.seen[2]).toEqual(app.seen[1])
    expect(app.connectionsEver).toBe(2)
    expect(target.reasons()).toEqual(['none', 'none'])
  })

  it.each(safe)('has %s sent no third time', async (line, kind) => {
    const { target, app } = await startUsed(kind, close)
    expect(readResponse(await target.raw(safeRequest(line, target))).status).toBe(502)
    expect(app.seen).toHaveLength(3)
    expect(target.reasons()).toEqual(['none', 'upstream_reset'])
  })

  it('is not followed by another idle connection', async () => {
    const idle: Socket[] = []
    const { target, app } = await startScripted((socket, _request, index) => {
      if (index < 2) idle.push(socket)
      if (index === 1) for (const each of idle) each.write(ok('first'))
      if (index > 1) {
        if (idle.includes(socket)) close(socket)
        else socket.write(second)
      }
    })
    const request = requestOf('a plain request', target)
    await Promise.all([target.raw(request), target.raw(request)])
    expect(readResponse(await target.raw(request)).status).toBe(200)
    expect(app.seen).toHaveLength(4)
    expect(app.connectionsEver).toBe(3)
  })

  it('has no signed POST sent again', async () => {
    const { target, app } = await startUsed('a signed call', close)
    expect(readResponse(await target.raw(requestOf('a signed call', target))).status).toBe(502)
    expect(app.seen).toHaveLength(2)
    expect(target.reasons()).toEqual(['none', 'upstream_reset'])
  })

  it.each([
    ['POST', ''],
    ['POST', 'hi'],
    ['PUT', 'hi'],
    ['PATCH', 'hi'],
    ['DELETE', ''],
    ['OPTIONS', ''],
    ['GET', 'hi'],
  ])('has no %s with the body %j sent again', async (method, body) => {
    const { target, app } = await startUsed('a plain request', close)
    const length = `Content-Length: ${String(body.length)}`
    const headers = body === '' ? ['Connection: close'] : [length, 'Connection: close']
    const bytes = callBytes(body, headers, `${method} /x HTTP/1.1`)
    // A fault of a PUT is a 500: Inngest takes most other statuses for a successful sync.
    expect(readResponse(await target.raw(bytes)).status).toBe(method === 'PUT' ? 500 : 502)
    expect(app.seen).toHaveLength(2)
    expect(target.reasons()).toEqual(['none', 'upstream_reset'])
  })
})

describe.each(safe)('%s is not sent again', (line, kind) => {
  it.each(closings)('holds when a fresh connection %s', async (_how, close) => {
    const { target, app } = await startScripted(close)
    expect(readResponse(await target.raw(safeRequest(line, target))).status).toBe(502)
    expect(app.seen).toHaveLength(1)
    expect(target.reasons()).toEqual(['upstream_reset'])
  })

  it.each(['H', 'HTTP/1.1 200 OK\r\nContent-', 'HTTP/1.1 103 Early Hints\r\n\r\n'])(
    'holds when %j came on the reused one',
    async (bytes) => {
      const { target, app } = await startUsed(kind, (socket) => socket.end(bytes))
      expect(readResponse(await target.raw(safeRequest(line, target))).status).toBe(502)
      expect(app.seen).toHaveLength(2)
      expect(target.reasons()[1]).toMatch(/^upstream_/)
    },
  )

  it('holds when the app is silent', async () => {
    const upstream = { responseTimeout: '1s' }
    const { target, app } = await startUsed(kind, () => undefined, { upstream })
    expect(readResponse(await target.raw(safeRequest(line, target))).status).toBe(504)
    expect(app.seen).toHaveLength(2)
  })
})

describe.each(kinds)('%s', (kind) => {
  it('is not sent on a connection that the app has closed', async () => {
    const { target, app } = await startUsed(kind, (socket) => socket.write(second))
    app.sockets[0]?.end()
    await expect.poll(() => app.sockets).toEqual([])
    const post = kind === 'a signed call' ? requestOf(kind, target) : undefined
    const plain = callBytes('', ['Connection: close'], 'POST /x HTTP/1.1')
    expect(readResponse(await target.raw(post ?? plain)).status).toBe(200)
    expect(app.seen).toHaveLength(2)
    expect(app.connectionsEver).toBe(2)
  })
})

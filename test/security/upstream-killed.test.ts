/**
 * An app that dies at the worst moment (threat D18): a proxy that tries again, or ends the answer
 * politely, delivers a call twice or makes half an answer look whole:
 *
 *   killed at connect · with half of the call read · with half of its answer sent · idle in the pool
 */
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { expectQuiet, freshBody, signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const MIB = 1_048_576
const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** An app of bare sockets. `sockets` are all it was ever given. */
async function startApp(onSocket: (socket: Socket, index: number) => void) {
  const sockets: Socket[] = []
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    onSocket(socket, sockets.push(socket) - 1)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => server.close())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${String(port)}`, sockets, server }
}

const routesTo = (upstream: string) => ({
  routes: [{ name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }] }],
})

async function expectNoSocketLeft(app: { sockets: Socket[] }) {
  await expect.poll(() => app.sockets.every((socket) => socket.destroyed)).toBe(true)
}

describe('an app that is killed', () => {
  it('causes a 502 before it can be connected to, and the call is not sent elsewhere', async () => {
    const gone = await startApp(() => undefined)
    gone.server.close()
    await once(gone.server, 'close')
    const target = await startTarget(routesTo(gone.url))
    expect(statusOf(await target.raw(signedCall(target)))).toBe(502)
    expect(target.reasons()).toEqual(['upstream_connect'])
    expect(gone.sockets).toHaveLength(0)
    await expectQuiet(target)
  })

  it('causes a 502 as it accepts', async () => {
    const app = await startApp((socket) => socket.destroy())
    const target = await startTarget(routesTo(app.url))
    expect(statusOf(await target.raw(signedCall(target)))).toBe(502)
    expect(target.reasons()).toEqual(['upstream_reset'])
    expect(app.sockets).toHaveLength(1)
    await expectQuiet(target)
  })

  it.each([
    ['small', freshBody()],
    ['large', `{"ctx":{"request_id":"large","run_id":"run"},"x":"${'x'.repeat(4 * MIB)}"}`],
  ])(
    'causes a 502 with part of a %s call read, and the call is not sent again',
    async (_, body) => {
      const app = await startApp((socket) => socket.once('data', () => socket.resetAndDestroy()))
      const target = await startTarget(routesTo(app.url))
      expect(statusOf(await target.raw(signedCall(target, [], body)))).toBe(502)
      expect(target.reasons()).toEqual(['upstream_reset'])
      expect(app.sockets).toHaveLength(1)
      await expectQuiet(target)
      await expectNoSocketLeft(app)
    },
  )

  it.each([
    ['in its head', 'HTTP/1.1 200 OK\r\nContent-', 502],
    ['before its body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', 200],
    ['in its body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', 200],
    ['in its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', 200],
  ])('%s ends the answer there, and not as if it were whole', async (_, part, status) => {
    const app = await startApp((socket) => {
      socket.once('data', () => {
        socket.write(part, () => setTimeout(() => socket.resetAndDestroy(), 50))
      })
    })
    const target = await startTarget(routesTo(app.url))
    const answer = await target.raw(signedCall(target))
    expect(statusOf(answer)).toBe(status)
    expect(answer).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(target.reasons()).toEqual(['upstream_reset'])
    expect(target.gateway.logLines[0]?.['decision']).toBe('failed')
    expect(app.sockets).toHaveLength(1)
    await expectQuiet(target)
    await expectNoSocketLeft(app)
  })

  it('costs the next call nothing while idle in the pool', async () => {
    const seen: string[] = []
    const app = await startApp((socket) => {
      socket.on('data', (data) => {
        seen.push(data.toString('latin1'))
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    })
    const target = await startTarget(routesTo(app.url))
    for (let i = 0; i < 5; i += 1) {
      expect(statusOf(await target.raw(signedCall(target)))).toBe(200)
      const [socket] = app.sockets.slice(-1)
      socket?.resetAndDestroy()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(app.sockets).toHaveLength(5)
    expect(seen.join('').match(/POST /g)).toHaveLength(5)
    await expectQuiet(target)
  })

  it('is believed if it responds before it has read the call, and the rest is not forced on it', async () => {
    const app = await startApp((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy')
      })
    })
    const target = await startTarget(routesTo(app.url))
    const body = `{"ctx":{"request_id":"early","run_id":"run"},"x":"${'x'.repeat(4 * MIB)}"}`
    const answer = await target.raw(signedCall(target, [], body))
    expect([502, 503]).toContain(statusOf(answer))
    expect(app.sockets).toHaveLength(1)
    await expectQuiet(target)
    await expectNoSocketLeft(app)
  })

  it('causes a 502 by a response that is no HTTP', async () => {
    const lies = [
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'hello\r\n\r\n',
    ]
    const app = await startApp((socket, i) => {
      socket.once('data', () => socket.write(lies[i] ?? '', 'latin1'))
    })
    const target = await startTarget(routesTo(app.url))
    for (const lie of lies) {
      const answer = await target.raw(signedCall(target))
      expect([lie, statusOf(answer)]).toEqual([lie, 502])
    }
    expect(app.sockets).toHaveLength(lies.length)
    await expectQuiet(target)
  })
})

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'

import { sendCall, startPool } from '../../support/app-side.ts'
import { ok, startScriptedApp } from '../../support/scripted-app.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

describe('UpstreamPool', () => {
  it('sends one call after the other on one connection, and two at a time on two', async () => {
    const app = await startScriptedApp((socket) => socket.write(ok('hi')))
    const { pool } = startPool(app.url)
    for (let i = 0; i < 3; i += 1) expect(await sendCall(pool).ended).toBe('end')
    expect(app.connectionsEver).toBe(1)
    await Promise.all([sendCall(pool).ended, sendCall(pool).ended])
    expect(app.connectionsEver).toBe(2)
  })

  it('takes no connection again behind a response that ends it', async () => {
    const app = await startScriptedApp((socket) => socket.write(ok('hi', 'Connection: close')))
    const { pool } = startPool(app.url)
    for (let i = 0; i < 2; i += 1) expect(await sendCall(pool).ended).toBe('end')
    expect(app.connectionsEver).toBe(2)
    await expect.poll(() => app.sockets).toHaveLength(0)
  })

  it('closes a connection that was idle for too long', async () => {
    const app = await startScriptedApp((socket) => socket.write(ok('hi')))
    const { pool } = startPool(app.url, { keepAliveTimeoutMs: 50 })
    await sendCall(pool).ended
    await expect.poll(() => app.sockets).toHaveLength(0)
  })

  it.each(['timeout=1', 'max=5, timeout=1', 'timeout=0'])(
    'closes an idle connection before the app does: Keep-Alive: %s',
    async (hint) => {
      const app = await startScriptedApp((socket) => socket.write(ok('hi', `Keep-Alive: ${hint}`)))
      // How often it looks depends on the shorter of the two time-outs.
      const { pool } = startPool(app.url, { responseTimeoutMs: 100 })
      await sendCall(pool).ended
      await expect.poll(() => app.sockets).toHaveLength(0)
    },
  )

  it('keeps an idle connection whose app promises longer', async () => {
    const hint = 'Keep-Alive: timeout=60'
    const app = await startScriptedApp((socket) => socket.write(ok('hi', hint)))
    const { pool } = startPool(app.url, { responseTimeoutMs: 100 })
    await sendCall(pool).ended
    await new Promise((resolve) => setTimeout(resolve, 300))
    await sendCall(pool).ended
    expect(app.connectionsEver).toBe(1)
  })

  it('ends idle connections when it is closed, and those with a call behind that', async () => {
    const held: (() => void)[] = []
    const app = await startScriptedApp((socket) => {
      held.push(() => socket.write(ok('late')))
    })
    const { pool } = startPool(app.url)
    const calls = [sendCall(pool), sendCall(pool)]
    await expect.poll(() => held).toHaveLength(2)
    held[0]?.()
    await Promise.race(calls.map(({ ended }) => ended))
    pool.close()
    await expect.poll(() => app.sockets).toHaveLength(1)
    held[1]?.()
    for (const { events, ended } of calls) {
      expect(await ended).toBe('end')
      expect(events).toEqual(['connected', '200', 'late', 'end'])
    }
    await expect.poll(() => app.sockets).toHaveLength(0)
  })

  it('reports that nothing was sent if no connection can be made', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const { pool } = startPool(`http://127.0.0.1:${String(port)}`)
    expect(await sendCall(pool).ended).toBe('upstream_connect unsent')
  })

  it('reports that nothing was sent if the connection is not made in time', async () => {
    // TCP connects, and the TLS handshake gets no response.
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    stops.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const { pool } = startPool(`https://127.0.0.1:${String(port)}`, { connectTimeoutMs: 50 })
    expect(await sendCall(pool).ended).toBe('upstream_timeout unsent')
  })

  it('sends nothing for a call that was aborted while it connected', async () => {
    const app = await startScriptedApp((socket) => socket.write(ok('hi')))
    const { pool } = startPool(app.url)
    const { call, events } = sendCall(pool)
    call.abort()
    await sendCall(pool).ended
    expect([app.seen.length, events]).toEqual([1, []])
  })
})

describe('UpstreamPool with TLS', () => {
  const pem = (name: string) => readFileSync(`test/fixtures/tls/${name}`, 'utf8')

  async function startTlsApp() {
    const names: (string | false | null | undefined)[] = []
    const server = createTlsServer(
      { cert: pem('cert.pem'), key: pem('key.pem'), ALPNProtocols: ['h2', 'http/1.1'] },
      (socket: TLSSocket) => {
        names.push(socket.servername, socket.alpnProtocol)
        socket.on('error', () => undefined).on('data', () => socket.write(ok('hi')))
      },
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    stops.push(() => server.close())
    return { port: String((server.address() as AddressInfo).port), names }
  }

  it.each([
    ['127.0.0.1', false],
    ['localhost', 'localhost'],
  ])('verifies the certificate of %s, and sends the server name %j', async (host, name) => {
    const { port, names } = await startTlsApp()
    const origin = `https://${host}:${port}`
    const trusting = { origin, socketPath: undefined, tls: { ca: pem('cert.pem') } }
    expect(await sendCall(startPool(trusting).pool).ended).toBe('end')
    expect(names).toEqual([name, 'http/1.1'])
    expect(await sendCall(startPool(origin).pool).ended).toBe('upstream_connect unsent')
  })
})

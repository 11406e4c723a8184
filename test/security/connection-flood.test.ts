/**
 * Taking every connection (threat D14): sockets are opened and kept until none is left for Inngest:
 *
 *   connect, connect, connect …        (from one address; then from many)
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { expectQuiet, signedCall, startTarget, type Target } from '../support/attack.ts'
import { serveBeside } from '../support/good-client.ts'
import { open, sendRaw, statusOf } from '../support/raw.ts'

async function connectMany(target: Target, count: number, from: (i: number) => string) {
  const opened = await Promise.all(
    Array.from({ length: count }, (_, i) => open(target.gateway.port, from(i), true)),
  )
  const answers = opened.map(
    (socket: Socket) =>
      new Promise<string>((resolve) => {
        let text = ''
        socket.setEncoding('latin1').on('data', (part: string) => (text += part))
        socket.once('end', () => {
          resolve(text)
        })
        socket.once('close', () => {
          resolve(text)
        })
      }),
  )
  return { answers: Promise.all(answers) }
}

const fromProxy = { from: '127.0.0.7', waitMs: 20_000 }

/** How many were refused for this reason, by the code of their answer. */
function refusedBy(metrics: string, reason: string): Record<string, number> {
  const counts = [...metrics.matchAll(new RegExp(`reason="${reason}",code="(\\w+)"} (\\d+)`, 'g'))]
  return Object.fromEntries(counts.map(([, code = '', count]) => [code, Number(count)] as const))
}

const totalOf = (counts: Record<string, number>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

describe('a flood of connections', () => {
  it('is cut at its quota from one address, and another address is served', async () => {
    const limits = { maxConnectionsPerAddress: 50, headersTimeout: '3s' }
    const target = await startTarget({ limits })
    const beside = serveBeside(target, '127.0.0.5')
    const { answers } = await connectMany(target, 500, () => '127.0.0.6')
    const texts = await answers
    const { asked, served, slowestMs } = await beside.stop()
    console.log(
      `flood from one: honest ${String(served)} of ${String(asked)}, slowest ${slowestMs.toFixed(0)} ms`,
    )
    expect(served).toBe(asked)
    // Refusals are answered within limits of their own, since an answer keeps a connection a while.
    const answered = texts.filter((text) => text.startsWith('HTTP/1.1 429')).length
    expect(answered).toBeGreaterThanOrEqual(20)
    expect(answered).toBeLessThan(450)
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 408'))).toHaveLength(50)
    expect(texts.find((text) => text.startsWith('HTTP/1.1 429'))).toMatch(/retry-after: \d/i)
    const metrics = await target.metrics()
    expect(refusedBy(metrics, 'address_connections_full')).toEqual({
      429: answered,
      none: 450 - answered,
    })
    expect(metrics).toMatch(/reason="headers_timeout",code="408"} 50/)
    await expectQuiet(target)
  })

  it.each(['traffic', 'externalAuth'])(
    'takes no slot of the others on the %s listener if it is from one refused address',
    async (listener) => {
      const target = await startTarget({
        limits: { maxConnections: 40, maxConnectionsPerAddress: 8 },
        trustedProxies: ['127.0.0.7'],
        externalAuth: { host: '127.0.0.1', port: 0, protocol: 'ext_authz' },
      })
      const { port, externalAuthPort } = target.gateway
      const at = listener === 'traffic' ? port : externalAuthPort
      // They neither read nor end, so that each one that is answered is kept as long as can be.
      const sockets = await Promise.all(
        Array.from({ length: 80 }, () => open(at, '127.0.0.6', true)),
      )
      const refused = async () =>
        totalOf(refusedBy(await target.metrics(), 'address_connections_full'))
      await expect.poll(refused).toBe(72)
      const answers = Array.from({ length: 8 }, () =>
        sendRaw(at, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', {
          from: '127.0.0.5',
        }),
      )
      const statuses = (await Promise.all(answers)).map(statusOf)
      expect(statuses).toEqual(Array<number>(8).fill(404))
      for (const socket of sockets) socket.destroy()
    },
  )

  it('takes no slot of other clients if it is from one client behind a proxy', async () => {
    const target = await startTarget({
      listen: { host: '127.0.0.1', port: 0, proxyProtocol: true },
      limits: { maxConnections: 40, maxConnectionsPerAddress: 8 },
      trustedProxies: ['127.0.0.7'],
    })
    const line = (source: string) => `PROXY TCP4 ${source} 10.0.0.1 1 2\r\n`
    const sockets: Socket[] = []
    for (let i = 0; i < 60; i += 1) {
      const socket = await open(target.gateway.port, '127.0.0.7', true)
      socket.write(line('198.51.100.6'))
      sockets.push(socket)
    }
    const refused = async () =>
      totalOf(refusedBy(await target.metrics(), 'address_connections_full'))
    await expect.poll(refused).toBe(52)
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    const answer = await target.raw(line('198.51.100.7') + request, fromProxy)
    expect(statusOf(answer)).toBe(404)
    for (const socket of sockets) socket.destroy()
  })

  it('is cut at the total if it is from many addresses, and each connection beyond is counted', async () => {
    const limits = { maxConnections: 100, headersTimeout: '3s' }
    const target = await startTarget({ limits })
    const { answers } = await connectMany(target, 500, (i) => `127.0.1.${String(1 + (i % 250))}`)
    const texts = await answers
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 408'))).toHaveLength(100)
    // Beyond a margin they are not answered any more, since an answer keeps a connection a while.
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 503'))).toHaveLength(100)
    const metrics = await target.metrics()
    expect(refusedBy(metrics, 'connections_full')).toEqual({ 503: 100, none: 300 })
    await expectQuiet(target)
  })

  it('is not held against the one address of trusted proxies', async () => {
    const limits = { maxConnectionsPerAddress: 2, headersTimeout: '2s' }
    const target = await startTarget({ limits, trustedProxies: ['127.0.0.7'] })
    const { answers } = await connectMany(target, 20, () => '127.0.0.7')
    const texts = await answers
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 408'))).toHaveLength(20)
  })

  it('is held against each address that the PROXY protocol reports', async () => {
    const target = await startTarget({
      listen: { host: '127.0.0.1', port: 0, proxyProtocol: true },
      limits: { maxConnectionsPerAddress: 3, headersTimeout: '2s' },
      trustedProxies: ['127.0.0.7'],
    })
    const answers = Array.from({ length: 10 }, (_, i) =>
      target.raw(`PROXY TCP4 198.51.100.${String(i % 2)} 10.0.0.1 1 2\r\n`, fromProxy),
    )
    const texts = await Promise.all(answers)
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 429'))).toHaveLength(4)
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 408'))).toHaveLength(6)
  })

  it('is held against one IPv6 /64 as one address', async () => {
    const target = await startTarget({
      listen: { host: '127.0.0.1', port: 0, proxyProtocol: true },
      limits: { maxConnectionsPerAddress: 3, headersTimeout: '2s' },
      trustedProxies: ['127.0.0.7'],
    })
    const sources = ['2001:db8::1', '2001:db8::2', '2001:db8::a:0:0:1', '2001:db8::ffff:1:1:1']
    const others = ['2001:db8:0:1::1', '::ffff:198.51.100.1']
    const texts = await Promise.all(
      [...sources, ...others].map((source) =>
        target.raw(`PROXY TCP6 ${source} ::1 1 2\r\n`, fromProxy),
      ),
    )
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 429'))).toHaveLength(1)
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 408'))).toHaveLength(5)
  })

  it('is released if it falls silent behind a response', async () => {
    const target = await startTarget({ limits: { keepAliveTimeout: '200ms' } })
    const socket = await open(target.gateway.port)
    socket.write(signedCall(target).replace('Connection: close\r\n', ''))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    const answeredMs = performance.now()
    expect(statusOf(answer.toString())).toBe(200)
    await once(socket.resume(), 'close')
    // Node's own is six seconds.
    expect(performance.now() - answeredMs).toBeLessThan(5000)
    await expectQuiet(target)
  })
})

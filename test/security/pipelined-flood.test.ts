/**
 * Sending on without waiting for a response (threat D8): responses, upstream requests and log lines of thousands
 * of requests that arrive together must not delay every other client, nor pile up for one that never stops:
 *
 *   GET /app/0 HTTP/1.1 … GET /app/1 HTTP/1.1 … GET /app/2 HTTP/1.1 …
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { startTarget } from '../support/attack.ts'
import { serveBeside } from '../support/good-client.ts'
import { open, statusOf } from '../support/raw.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

async function startCounting() {
  const seen: string[] = []
  let connections = 0
  const server = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.end()
  })
  server.on('connection', () => (connections += 1)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => server.close())
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { url, seen, connections: () => connections }
}

const routes = (upstream: string, counting: string) => [
  { name: 'inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
  { name: 'app', policy: 'passthrough', path: '/app', upstream: counting },
]

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`

/** As many as fit into the 64 KiB that the gateway keeps unread of a connection. */
const COUNT = 1500

describe('requests that arrive together', () => {
  it.each([
    ['refused', '/nope', 404],
    ['passed through', '/app', 200],
  ])('are %s one after the other, and no other client waits for them', async (_, path, status) => {
    const app = await startCounting()
    const target = await startTarget((upstream) => ({ routes: routes(upstream, app.url) }))
    const paths = Array.from({ length: COUNT }, (_each, i) => `${path}/${String(i)}`)
    const requests = paths.map((each, i) =>
      get(each, i === COUNT - 1 ? 'Connection: close\r\n' : ''),
    )
    const good = serveBeside(target)
    const text = await target.raw(requests.join(''), { waitMs: 20_000 })
    const { asked, served } = await good.stop()
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(
      Array<string>(COUNT).fill(`HTTP/1.1 ${String(status)}`),
    )
    expect(text.match(/^connection: close/gim)).toHaveLength(1)
    expect(app.seen).toEqual(status === 200 ? paths : [])
    // One after the other, they need one connection to the app.
    expect(app.connections()).toBe(status === 200 ? 1 : 0)
    expect(asked).toBeGreaterThan(0)
    expect(served).toBe(asked)
  })

  it('are dropped behind a response during which more than 64 KiB of them came', async () => {
    const app = createServer().listen(0, '127.0.0.1')
    await once(app, 'listening')
    stops.push(() => app.close())
    const url = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
    const target = await startTarget((upstream) => ({ routes: routes(upstream, url) }))
    app.once('request', (_request, response) => {
      setTimeout(() => response.end('first'), 300)
    })
    const text = await target.raw(get('/app').repeat(10_000))
    expect(text.match(/HTTP\/1\.1 \d+|^connection: .*/gim)).toEqual([
      'HTTP/1.1 200',
      expect.stringMatching(/^connection: close$/i),
    ])
    expect(text).toContain('first')
    expect(target.reasons()).toEqual(['none'])
  })
})

it('responds to requests one after the other for as long as they come', async () => {
  const target = await startTarget()
  const socket = await open(target.gateway.port)
  for (let sent = 0; sent < 40; sent += 1) {
    socket.write('GET /nope HTTP/1.1\r\nHost: a\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(statusOf(answer.toString('latin1'))).toBe(404)
  }
  socket.destroy()
})

/**
 * Sending on without waiting for a response: Node hands over all requests of one read in one turn, so the
 * responses, upstream requests and log lines of thousands would delay every other client.
 */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import { startTarget } from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'

const routes = (upstream: string) => [
  { name: 'inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
  { name: 'app', policy: 'passthrough', path: '/app', upstream },
]

describe('two thousand requests in one go', () => {
  it.each([
    ['that are refused', '/nope', 404],
    ['that are passed through', '/app', 200],
  ])('%s are answered up to the sixteenth', async (_, path, status) => {
    const target = await startTarget((upstream) => ({ routes: routes(upstream) }))
    const request = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    const answers = (await target.raw(request.repeat(2000))).match(
      /HTTP\/1.1 \d+|^connection: close/gim,
    )
    expect(answers).toEqual([
      ...Array.from({ length: 16 }, () => `HTTP/1.1 ${String(status)}`),
      expect.stringMatching(/^connection: close$/i),
    ])
    expect(target.reasons()).toHaveLength(16)
    expect(target.upstream.seen).toHaveLength(path === '/app' ? 16 : 0)
  })
})

it('one after the other are answered for as long as they come', async () => {
  const target = await startTarget()
  const socket = await open(target.gateway.port)
  for (let sent = 0; sent < 40; sent += 1) {
    socket.write('GET /nope HTTP/1.1\r\nHost: a\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(statusOf(answer.toString('latin1'))).toBe(404)
  }
  socket.destroy()
})

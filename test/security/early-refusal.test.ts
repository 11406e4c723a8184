/**
 * Making the gateway read (threats B10, D15): a sender without a chance announces a large body and
 * sends it slowly, or not at all, and holds memory and a connection for as long as it is waited for:
 *
 *   POST /api/inngest HTTP/1.1\r\nContent-Length: 4194304\r\n\r\n        (and nothing more)
 */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget } from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'

const stale = (target: Awaited<ReturnType<typeof startTarget>>) =>
  `X-Inngest-Signature: ${target.sign('', 301)}`

describe('a head that cannot be admitted', () => {
  it.each([
    ['signature_missing', 401, () => 'X-A: b', {}],
    ['signature_malformed', 401, () => 'X-Inngest-Signature: x', {}],
    ['timestamp_too_old', 401, stale, {}],
    ['client_not_allowed', 403, stale, { allowlist: ['192.0.2.1'] }],
  ])('is refused with %s before a byte of its body', async (reason, status, field, config) => {
    const target = await startTarget(config)
    const fields = ['Content-Length: 4194304', field(target)]
    const answer = await target.raw(callBytes('', fields))
    expect(statusOf(answer)).toBe(status)
    expect(answer).toMatch(/connection: close/i)
    expect(target.reasons()).toEqual([reason])
    expect(target.gateway.logLines[0]?.['body_bytes']).toBeUndefined()
    expect(await target.metrics()).toContain('inngest_gateway_buffered_bytes 0')
  })

  it('says no more of why than its status', async () => {
    const target = await startTarget()
    const answers = []
    const signatures = ['', 'x', target.sign('', 301), target.sign('', -301), target.sign('other')]
    for (const signature of signatures) {
      const fields = [
        `X-Inngest-Signature: ${signature}`,
        'X-Request-Id: same',
        'Content-Length: 0',
      ]
      const answer = await target.raw(callBytes('', [...fields, 'Connection: close']))
      answers.push(answer.replace(/^date: .*$/im, ''))
    }
    expect(new Set(answers).size).toBe(1)
    expect(new Set(target.reasons()).size).toBe(answers.length)
  })
})

it('lets a client that sends on behind headers that are too large read its response', async () => {
  const target = await startTarget()
  const socket = await open(target.gateway.port, '127.0.0.1', true)
  let text = ''
  let error: unknown
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  socket.on('error', (thrown) => (error = thrown))
  // In two packets, so that more than 64 KiB wait when the headers are refused.
  socket.write('GET / HTTP/1.1\r\nX-A: ')
  await new Promise((resolve) => setTimeout(resolve, 50))
  socket.end(Buffer.alloc(12 * 1_048_576, 'x'))
  await once(socket, 'close')
  expect(error).toBeUndefined()
  expect(statusOf(text)).toBe(431)
})

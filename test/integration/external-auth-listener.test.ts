/** The listener for questions has the limits and the records of the traffic listener, and is drained like it. */
import { afterEach, describe, expect, it } from 'vitest'

import { ALLOWED, freshBody, signed, startAsked, stopAll } from '../support/askers.ts'
import { open, sendRaw, statusOf } from '../support/raw.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

afterEach(stopAll)

const start = (config: Record<string, unknown> = {}) =>
  startAsked({ protocol: 'ext_authz' }, config)

function questionBytes(gateway: TestGateway, body: string, fields: readonly string[]): string {
  const { 'x-inngest-signature': signature = '' } = signed(gateway, { body })
  const lines = [
    'POST /api/inngest?fnId=f HTTP/1.1',
    'Host: app.example',
    `X-Forwarded-For: ${ALLOWED}`,
    `X-Inngest-Signature: ${signature}`,
    ...fields,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

const lengthOf = (body: string) => `Content-Length: ${String(body.length)}`

const records = (gateway: TestGateway) => gateway.logLines.filter(({ msg }) => msg === 'request')

describe('what is no question', () => {
  it.each([
    ['framing_ambiguous', 400, 'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['headers_too_large', 431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
    ['method_not_allowed', 405, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
    ['expectation_unknown', 417, 'GET /a HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n'],
    ['headers_timeout', 408, 'GET / HTTP/1.1\r\n'],
  ])('is refused and recorded as %s', async (reason, status, bytes) => {
    const headersTimeout = reason === 'headers_timeout' ? '500ms' : '10s'
    const gateway = await start({ limits: { headersTimeout } })
    expect(statusOf(await sendRaw(gateway.externalAuthPort, bytes))).toBe(status)
    expect(records(gateway)).toMatchObject([{ reason, status, external_auth: true }])
  })

  it('is recorded once if its body cannot be read on', async () => {
    const gateway = await start()
    const head = questionBytes(gateway, '{}', ['Transfer-Encoding: chunked'])
    const text = await sendRaw(gateway.externalAuthPort, [`${head}1\r\n{\r\n`, 'ZZZ\r\n'])
    expect(statusOf(text)).toBe(400)
    expect(records(gateway)).toMatchObject([{ reason: 'request_unparsable', external_auth: true }])
  })
})

describe('a question', () => {
  it('is told once to go on with its body, and only if its head has passed', async () => {
    const gateway = await start()
    const body = freshBody()
    const fields = ['Expect: 100-continue', 'Connection: close', lengthOf(body)]
    const text = await sendRaw(
      gateway.externalAuthPort,
      questionBytes(gateway, body, fields) + body,
    )
    expect(text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200'])
    const other = questionBytes(gateway, body, fields).replace(ALLOWED, '198.51.100.1')
    expect(statusOf(await sendRaw(gateway.externalAuthPort, other + body))).toBe(403)
  })

  it('spends nothing behind one whose body is not read', async () => {
    const gateway = await start()
    const refused = 'POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe'
    const body = freshBody()
    const next = questionBytes(gateway, body, ['Connection: close', lengthOf(body)]) + body
    const text = await sendRaw(gateway.externalAuthPort, [refused, `llo${next}`])
    expect(text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 404'])
    expect(statusOf(await sendRaw(gateway.externalAuthPort, next))).toBe(200)
  })
})

describe('connections of those who ask', () => {
  it('are bounded by themselves, with an answer and a record, and by a limit that can be reloaded', async () => {
    const config = {
      allowlist: [ALLOWED],
      trustedProxies: ['127.0.0.1/32'],
      externalAuth: { host: '127.0.0.1', port: 0, protocol: 'ext_authz' },
    }
    const gateway = await startTestGateway('http://127.0.0.1:1', {
      ...config,
      limits: { maxConnections: 2 },
    })
    const held = [await open(gateway.externalAuthPort), await open(gateway.externalAuthPort)]
    expect(statusOf(await sendRaw(gateway.externalAuthPort, ''))).toBe(503)
    expect(records(gateway)).toMatchObject([{ reason: 'connections_full', external_auth: true }])
    expect(statusOf(await sendRaw(gateway.port, 'x\r\n\r\n'))).toBe(400)
    gateway.rewrite({ ...config, limits: { maxConnections: 3 } })
    gateway.reload()
    const answer = await sendRaw(gateway.externalAuthPort, 'x\r\n\r\n')
    expect(statusOf(answer)).toBe(400)
    for (const socket of held) socket.destroy()
    await gateway.stop()
  })
})

describe('a gateway that stops', () => {
  async function startHeld(shutdown: object) {
    const gateway = await startTestGateway('http://127.0.0.1:1', {
      allowlist: [ALLOWED],
      trustedProxies: ['127.0.0.1/32'],
      externalAuth: { host: '127.0.0.1', port: 0, protocol: 'ext_authz' },
      shutdown,
    })
    const body = freshBody()
    const socket = await open(gateway.externalAuthPort)
    const seen = { text: '', isClosed: false }
    socket.setEncoding('latin1').on('data', (text: string) => (seen.text += text))
    socket.on('close', () => (seen.isClosed = true))
    const head = questionBytes(gateway, body, ['Expect: 100-continue', lengthOf(body)])
    socket.write(head)
    await expect.poll(() => seen.text).toMatch(/ 100 /)
    return { gateway, socket, seen, body }
  }

  it('answers a question in flight, ends its connection, and takes no other', async () => {
    const { gateway, socket, seen, body } = await startHeld({ drainTimeout: '20s' })
    const idle = await open(gateway.externalAuthPort)
    let isIdleClosed = false
    idle.on('close', () => (isIdleClosed = true)).resume()
    const stopped = gateway.stop()
    await expect.poll(() => isIdleClosed, { timeout: 10_000 }).toBe(true)
    await expect(sendRaw(gateway.externalAuthPort, '')).rejects.toThrow('ECONNREFUSED')
    expect(seen.isClosed).toBe(false)
    socket.write(body)
    await expect.poll(() => seen.isClosed).toBe(true)
    expect(seen.text).toMatch(/HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*Connection: close/i)
    await stopped
  })

  it('cuts a question off when the time is up', async () => {
    const { gateway, seen } = await startHeld({ drainTimeout: '500ms' })
    const stoppedMs = performance.now()
    await gateway.stop()
    expect(performance.now() - stoppedMs).toBeGreaterThan(450)
    await expect.poll(() => seen.isClosed).toBe(true)
    expect(seen.text).not.toMatch(/ 200 /)
  })
})

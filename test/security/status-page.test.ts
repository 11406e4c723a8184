/**
 * What senders write is on the status page, which somebody trusted looks at: a path, an id or a field
 * that is markup there would run with that person's rights:
 *
 *   POST /api/inngest?fnId="><img src=x onerror=alert(1)> HTTP/1.1\r\nX-Run-ID: <script>…\r\n\r\n
 *
 * And what the gateway knows must not be read there: keys, signatures, bodies, tokens.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, signedCall, startTarget, type Target } from '../support/attack.ts'
import { send } from '../support/sender.ts'
import { forgedKey, sendQuarter, sendSigned } from '../support/status-traffic.ts'
import { fallbackKey, statusToken, testKey } from '../support/test-gateway.ts'

const open = {
  ops: { host: '127.0.0.1', port: 0, statusPage: { enabled: true } },
  replay: { coldStart: 'accept' },
}
const guarded = {
  ...open,
  ops: { ...open.ops, statusPage: { enabled: true, token: { env: 'STATUS_TOKEN' } } },
}

async function ask({ gateway }: Target, target: string, headers: Record<string, string> = {}) {
  return send({ port: gateway.opsPort, method: 'GET', target, headers })
}

describe('the status page', () => {
  it('holds no key, signature, token, body or query value beyond the log', async () => {
    const target = await startTarget(guarded)
    const { gateway } = target
    const keys = [testKey, fallbackKey, forgedKey]
    const signatures = await Promise.all(keys.map((key) => sendSigned(gateway, { key })))
    await sendQuarter(gateway)
    await target.raw(signedCall(target, ['Authorization: Bearer of-the-app', 'Cookie: a=crumb']))
    const authorization = { authorization: `Bearer ${statusToken}` }
    const page = await ask(target, '/status', authorization)
    const json = await ask(target, '/status.json', authorization)
    expect([page.status, json.status]).toEqual([200, 200])
    const secrets = [
      ...keys.map((key) => key.replace(/^signkey-\w+-/, '')),
      ...signatures.flatMap((text) => [text, text.slice(-64)]),
      statusToken,
      '4242 4242',
      'token=hidden',
      'of-the-app',
      'crumb',
    ]
    for (const text of [page.body, json.body]) {
      expect(text).toContain('shop-send-receipt')
      for (const secret of secrets) expect(text).not.toContain(secret)
      expect(text).not.toMatch(/[0-9a-f]{64}/)
    }
  })

  it.each([
    '<script>alert(1)</script>',
    `"'><img src=x onerror=alert(1)>`,
    '</style><b>',
    '&lt;b&gt;',
  ])('shows %j as the text that it is, wherever it was written', async (hostile) => {
    const target = await startTarget(open)
    const encoded = hostile.replaceAll(' ', '/')
    const query = encodeURIComponent(hostile)
    const fields = [`X-Run-ID: ${hostile}`, `X-Request-Id: ${hostile}`, 'Connection: close']
    await target.raw(callBytes('', fields, `GET /${encoded} HTTP/1.1`))
    await target.raw(
      callBytes('', fields, `POST /api/inngest?fnId=${query}&stepId=${query} HTTP/1.1`),
    )
    await target.raw(signedCall(target, [`X-Run-ID: ${hostile}`, `User-Agent: ${hostile}`]))
    const { body } = await ask(target, '/status')
    // Of style, script and images there is what the page itself has.
    expect(body.match(/<script/g)).toHaveLength(1)
    expect(body.match(/<\/style/g)).toHaveLength(1)
    expect(body).not.toMatch(/<img|<b>/)
    const shown = hostile
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
    expect(body).toContain(`run ${shown}`)
    expect(body).toContain(`fn ${shown}`)
  })

  it('is sent as JSON that nobody takes for a page', async () => {
    const target = await startTarget(open)
    await target.raw(
      callBytes('', ['Connection: close'], 'GET /<script>alert(1)</script> HTTP/1.1'),
    )
    const { headers, body } = await ask(target, '/status.json')
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    })
    expect(body).toContain('/<script>alert(1)</script>')
  })

  it('does not answer under a name that has come to lead here (DNS rebinding)', async () => {
    const target = await startTarget(open)
    for (const path of ['/status', '/status.json']) {
      const { status, body } = await ask(target, path, { host: 'evil.example:9090' })
      expect([status, body]).toEqual([
        403,
        expect.stringContaining('host name not allowed without a token') as string,
      ])
      expect((await ask(target, path, { host: 'localhost:9090' })).status).toBe(200)
    }
  })

  it('stays as small as it was in a flood of long requests, and keeps what was signed', async () => {
    const target = await startTarget(open)
    const body = '{"ctx":{"run_id":"the-signed-one"}}'
    await target.raw(signedCall(target, ['X-Run-ID: the-signed-one'], body))
    const path = `/${'<'.repeat(3000)}`
    const flood = Array.from({ length: 500 }, (_, i) =>
      send({
        port: target.gateway.port,
        method: 'GET',
        target: `${path}${String(i)}`,
        headers: { 'x-run-id': '"'.repeat(3000) },
      }),
    )
    await Promise.all(flood)
    const page = (await ask(target, '/status.json')).body
    const { reasons, recent } = JSON.parse(page) as {
      reasons: { reason: string; count: number }[]
      recent: unknown[]
    }
    expect(reasons).toMatchObject([{ reason: 'route_not_found', count: 500 }])
    expect(recent).toHaveLength(41)
    expect(page).toContain('the-signed-one')
    expect(page.length).toBeLessThan(200_000)
  })
})

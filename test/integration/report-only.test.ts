/** Checks that a route reports or leaves out: the request goes on, and nobody can overlook it. */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, signedCall, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

interface Flaw {
  readonly check: 'method' | 'allowlist' | 'signature' | 'freshness' | 'replay'
  readonly reason: string
  readonly status: number
  /** Sends it, and before it what makes it one. */
  readonly send: (target: Target) => Promise<string>
  readonly config?: Readonly<Record<string, unknown>>
}

function signedBytes(target: Target, body: string, ageSeconds = 0, line?: string): string {
  const fields = [
    `Content-Length: ${String(body.length)}`,
    `X-Inngest-Signature: ${target.sign(body, ageSeconds)}`,
    'Connection: close',
  ]
  return line === undefined ? callBytes(body, fields) : callBytes(body, fields, line)
}

const flaws: readonly Flaw[] = [
  {
    check: 'method',
    reason: 'method_not_allowed',
    status: 405,
    send: (target) =>
      target.raw(signedBytes(target, freshBody(), 0, 'PATCH /api/inngest HTTP/1.1')),
  },
  {
    check: 'method',
    reason: 'body_not_allowed',
    status: 400,
    send: (target) => target.raw(signedBytes(target, freshBody(), 0, 'GET /api/inngest HTTP/1.1')),
  },
  {
    check: 'allowlist',
    reason: 'client_not_allowed',
    status: 403,
    send: (target) => target.raw(signedCall(target), { from: '127.0.0.9' }),
    config: { allowlist: ['127.0.0.1'] },
  },
  {
    check: 'allowlist',
    reason: 'client_unidentified',
    status: 403,
    send: (target) => target.raw(signedCall(target, ['X-Forwarded-For: junk'])),
    config: { trustedProxies: ['127.0.0.1'] },
  },
  {
    check: 'signature',
    reason: 'signature_missing',
    status: 401,
    send: (target) => target.raw(callBytes('{}', ['Content-Length: 2', 'Connection: close'])),
  },
  {
    check: 'signature',
    reason: 'signature_malformed',
    status: 401,
    send: (target) =>
      target.raw(
        callBytes('{}', ['Content-Length: 2', 'Connection: close', 'X-Inngest-Signature: x']),
      ),
  },
  {
    check: 'signature',
    reason: 'signature_mismatch',
    status: 401,
    send: (target) => target.raw(signedBytes(target, freshBody()).replace('attack', 'forged')),
  },
  {
    check: 'freshness',
    reason: 'timestamp_too_old',
    status: 401,
    send: (target) => target.raw(signedBytes(target, freshBody(), 301)),
  },
  {
    check: 'replay',
    reason: 'replayed',
    status: 409,
    send: async (target) => {
      const bytes = signedCall(target)
      await target.raw(bytes)
      return target.raw(bytes)
    },
  },
]

/** Signature off needs freshness and replay off. */
const modes = (check: Flaw['check'], mode: string) =>
  check === 'signature' && mode === 'off'
    ? { signature: mode, freshness: mode, replay: mode }
    : { [check]: mode }

describe.each(flaws)('$reason', ({ check, reason, status, send, config }) => {
  it('is refused where enforced', async () => {
    const target = await startTarget(config)
    expect(statusOf(await send(target))).toBe(status)
    expect(target.reasons().at(-1)).toBe(reason)
  })

  it('is let on, counted and logged where reported', async () => {
    const target = await startTarget({ ...config, checks: modes(check, 'report') })
    expect(statusOf(await send(target))).toBe(200)
    const [, last] = [target.gateway.logLines[0], target.gateway.logLines.at(-1)]
    expect(last).toMatchObject({ decision: 'admitted', reason: 'none', report_only: [reason] })
    expect(await target.metrics()).toContain(
      `inngest_gateway_report_only_refusals_total{route="app",reason="${reason}"} 1`,
    )
    expect(target.upstream.seen.length).toBeGreaterThan(0)
  })

  it('is let on without a word where it is off', async () => {
    const target = await startTarget({ ...config, checks: modes(check, 'off') })
    expect(statusOf(await send(target))).toBe(200)
    expect(target.gateway.logLines.at(-1)).toMatchObject({ decision: 'admitted' })
    expect(target.gateway.logLines.at(-1)).not.toHaveProperty('report_only')
    expect(await target.metrics()).not.toMatch(/^inngest_gateway_report_only_refusals_total\{/m)
  })

  it('is refused where every other check is reported', async () => {
    const others = ['method', 'allowlist', 'signature', 'freshness', 'replay']
    const checks = Object.fromEntries(others.map((other) => [other, 'report']))
    const target = await startTarget({ ...config, checks: { ...checks, [check]: 'enforce' } })
    expect(statusOf(await send(target))).toBe(status)
  })
})

describe('a check that is not enforced', () => {
  it('is warned of at the start and at each reload, and stands in the metrics', async () => {
    const target = await startTarget({ checks: { replay: 'report', allowlist: 'off' } })
    const warnings = () =>
      target.gateway.logLines.filter(({ msg }) => msg === 'a check is not enforced')
    expect(warnings()).toMatchObject([
      { level: 40, route: 'app', check: 'allowlist', mode: 'off' },
      { level: 40, route: 'app', check: 'replay', mode: 'report' },
    ])
    const metrics = await target.metrics()
    expect(metrics).toContain(
      'inngest_gateway_checks_not_enforced{route="app",check="replay",mode="report"} 1',
    )
    target.gateway.rewrite({ checks: { replay: 'report' } })
    target.gateway.reload()
    expect(warnings()).toHaveLength(3)
    expect(await target.metrics()).not.toContain('check="allowlist"')
  })

  it('is one route’s own affair', async () => {
    const route = { signingKeys: [{ env: 'PRIMARY' }] }
    const target = await startTarget((upstream) => ({
      routes: [
        { name: 'rollout', path: '/new', upstream, ...route, checks: { signature: 'report' } },
        { name: 'strict', path: '/api/inngest', upstream, ...route },
      ],
    }))
    const ask = async (path: string) =>
      statusOf(
        await target.raw(
          callBytes('{}', ['Content-Length: 2', 'Connection: close'], `POST ${path} HTTP/1.1`),
        ),
      )
    expect(await ask('/new')).toBe(200)
    expect(await ask('/api/inngest')).toBe(401)
  })

  it.each([
    ['TRACE /api/inngest HTTP/1.1', [], 405],
    ['CONNECT app.example.com:443 HTTP/1.1', [], 405],
    ['GET /api/inngest HTTP/1.1', ['Upgrade: websocket', 'Connection: upgrade'], 400],
    ['POST //api/inngest HTTP/1.1', ['Connection: close'], 404],
    ['POST /api/inngest HTTP/1.1', ['Transfer-Encoding: gzip, chunked'], 400],
  ])('opens nothing else: %s %j', async (line, fields, status) => {
    const off = ['method', 'allowlist', 'signature', 'freshness', 'replay']
    const checks = Object.fromEntries(off.map((check) => [check, 'off']))
    const target = await startTarget({ checks })
    expect(statusOf(await target.raw(callBytes('', fields, line)))).toBe(status)
    expect(target.upstream.bytes()).toBe('')
  })

  it('hands on the body that came, byte for byte, if no key signed it', async () => {
    const target = await startTarget({ checks: { signature: 'report' } })
    const body = '{ "b": 1.0,\t"a": "\\u00e9" }'
    await target.raw(signedBytes(target, body).replace(/s=[0-9a-f]{64}/, `s=${'0'.repeat(64)}`))
    expect(target.upstream.bytes()).toContain(`\r\n\r\n${body}`)
  })

  it.each(['GET', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS'])(
    'hides no request in the body of a %s',
    async (method) => {
      const off = ['method', 'allowlist', 'signature', 'freshness', 'replay']
      const checks = Object.fromEntries(off.map((check) => [check, 'off']))
      const target = await startTarget({ checks })
      const hidden = 'POST /hidden HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'
      const chunked = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`
      const line = `${method} /api/inngest HTTP/1.1`
      await target.raw(callBytes(hidden, [`Content-Length: ${String(hidden.length)}`, 'Connection: close'], line)) // prettier-ignore
      await target.raw(callBytes(chunked, ['Transfer-Encoding: chunked', 'Connection: close'], line)) // prettier-ignore
      const long = hidden.padEnd(20_000)
      await target.raw(callBytes(long, ['Content-Length: 20000', 'Connection: close'], line))
      const methods = target.upstream.seen.map((seen) => seen.line.split(' ')[0])
      expect(methods).toEqual([method, method, method])
    },
  )

  it('claims the signatures that do verify all the same', async () => {
    const target = await startTarget({ checks: { signature: 'report' } })
    const bytes = signedCall(target)
    expect(statusOf(await target.raw(bytes))).toBe(200)
    expect(statusOf(await target.raw(bytes))).toBe(409)
  })
})

/**
 * Moving digits over the boundary (threats B1, B2): the MAC covers the body and then the timestamp,
 * with nothing between, so one MAC fits several pairs of body and timestamp. Only a timestamp of
 * exactly ten digits is read here.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'
import { signatureHeader } from '../support/sender.ts'
import { testKey } from '../support/test-gateway.ts'

function post(target: Target, body: string, signature: string): Promise<string> {
  const fields = [`Content-Length: ${String(body.length)}`, `X-Inngest-Signature: ${signature}`]
  return target.raw(callBytes(body, [...fields, 'Connection: close']))
}

describe('digits moved between body and timestamp', () => {
  it('are refused in every split of one MAC but the signed one', async () => {
    // Digits alone are no function call.
    const target = await startTarget({ checks: { runId: 'off' } })
    const now = String(Math.floor(target.gateway.clock.wallMs / 1000))
    const body = '12345'
    const mac = signatureHeader(testKey, body, Number(now)).slice(-64)
    const whole = body + now
    for (let at = 0; at <= whole.length; at += 1) {
      if (at === body.length) continue
      const answer = await post(target, whole.slice(0, at), `t=${whole.slice(at)}&s=${mac}`)
      expect([at, statusOf(answer)]).toEqual([at, 401])
    }
    expect(target.upstream.bytes()).toBe('')
    expect(statusOf(await post(target, body, `t=${now}&s=${mac}`))).toBe(200)
  })

  it('do not make an old signature fresh', async () => {
    const target = await startTarget()
    const nowSeconds = Math.floor(target.gateway.clock.wallMs / 1000)
    const now = String(nowSeconds)
    // A captured call whose body holds a number that looks like a fresh timestamp at its end.
    const old = signatureHeader(testKey, `7${now}`, nowSeconds - 9999)
    const shifted = `t=${now}&s=${old.slice(-64)}`
    expect(statusOf(await post(target, '7', shifted))).toBe(401)
    expect(statusOf(await post(target, `7${now}`, shifted))).toBe(401)
    expect(target.upstream.bytes()).toBe('')
  })

  it.each([
    '+NOW',
    ' NOW',
    'NOW ',
    '0NOW',
    'NOWabc',
    '1e9',
    '١٧٠٠٠٠٠٠٠٠',
    '-1',
    '',
    '99999999999',
    'NOW.0',
  ])('are malformed as t=%s', async (spelling) => {
    const target = await startTarget()
    const now = String(Math.floor(target.gateway.clock.wallMs / 1000))
    const mac = target.sign('x').slice(-64)
    const spelt = Buffer.from(spelling.replace('NOW', now)).toString('latin1')
    const answer = await post(target, 'x', `t=${spelt}&s=${mac}`)
    expect([400, 401]).toContain(statusOf(answer))
    expect(['signature_malformed', 'header_malformed']).toContain(target.reasons()[0])
    expect(target.upstream.bytes()).toBe('')
  })
})

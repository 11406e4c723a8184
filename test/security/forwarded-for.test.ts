/**
 * Choosing one's own address (threats A1, A2, A3, A4, A8, A9; oauth2-proxy CVE-2026-40575 and
 * CVE-2026-76835, Heimdall CVE-2026-57210): a client writes an allowed address into a header that the
 * gateway might read. The headers count only if a trusted proxy sent them, are read from the right, and
 * are refused whole if an entry cannot be read.
 */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const allowed = '192.0.2.10'
const proxy = '127.0.0.2'
const config = { allowlist: [allowed], trustedProxies: [proxy, '10.0.0.0/8'] }

describe('a forged X-Forwarded-For', () => {
  it.each([
    `X-Forwarded-For: ${allowed}`,
    `Forwarded: for=${allowed}`,
    `X-Real-IP: ${allowed}`,
    `True-Client-IP: ${allowed}`,
    `X-Original-Forwarded-For: ${allowed}`,
    `X_Forwarded_For: ${allowed}`,
  ])('%s says nothing where no proxy is trusted', async (field) => {
    const target = await startTarget({ allowlist: [allowed] })
    expect(statusOf(await target.raw(signedCall(target, [field])))).toBe(403)
    expect(target.gateway.logLines[0]).toMatchObject({
      reason: 'client_not_allowed',
      client_ip: '127.0.0.1',
      remote_ip: '127.0.0.1',
      client_ip_source: 'peer',
    })
    expect(target.upstream.bytes()).toBe('')
  })

  it('says nothing from a peer that is not the trusted proxy', async () => {
    const target = await startTarget(config)
    const bytes = signedCall(target, [`X-Forwarded-For: ${allowed}`])
    expect(statusOf(await target.raw(bytes, { from: '127.0.0.3' }))).toBe(403)
    expect(target.gateway.logLines[0]).toMatchObject({
      client_ip: '127.0.0.3',
      client_ip_source: 'peer',
    })
  })

  it.each([
    [[`${allowed}, 198.51.100.7`], 'client_not_allowed', '198.51.100.7'],
    [[allowed, '198.51.100.7'], 'client_not_allowed', '198.51.100.7'],
    [['198.51.100.7', `${allowed}, 198.51.100.8`], 'client_not_allowed', '198.51.100.8'],
    [[`${allowed}, 198.51.100.7, 10.1.2.3`], 'client_not_allowed', '198.51.100.7'],
    [[`${allowed}, junk`], 'client_unidentified', undefined],
    [[`${allowed}, `], 'client_unidentified', undefined],
    [[allowed, ''], 'client_unidentified', undefined],
    [[`${allowed}, 010.0.0.1`], 'client_unidentified', undefined],
    [[`${allowed}, unknown`], 'client_unidentified', undefined],
    [[`${allowed}, 10.0.0.1, 10.0.0.2, x`], 'client_unidentified', undefined],
    [['10.0.0.1, 10.0.0.2'], 'client_unidentified', undefined],
    [[''], 'client_unidentified', undefined],
    [[], 'client_unidentified', undefined],
    [[`for=${allowed}`], 'client_unidentified', undefined],
    [[`${allowed}%eth0`], 'client_unidentified', undefined],
  ])('%j through the trusted proxy is %s', async (lines, reason, clientIp) => {
    const target = await startTarget(config)
    const fields = lines.map((line) => `X-Forwarded-For: ${line}`)
    const answer = await target.raw(signedCall(target, fields), { from: proxy })
    expect(statusOf(answer)).toBe(403)
    const [line = {}] = target.gateway.logLines
    expect(line).toMatchObject({ reason, remote_ip: proxy })
    expect(line['client_ip']).toBe(clientIp)
    expect(line['client_ip_source']).toBe(clientIp === undefined ? 'unresolved' : 'x-forwarded-for')
    expect(target.upstream.bytes()).toBe('')
  })

  it.each([
    [[allowed]],
    [[`198.51.100.7, ${allowed}`]],
    [['junk, ', allowed]],
    [[`::ffff:${allowed}`]],
    [[`${allowed}, 10.0.0.1, 10.0.0.2`]],
    [[`${allowed}:4711`]],
  ])('%j through the trusted proxy names the allowed client', async (lines) => {
    const target = await startTarget(config)
    const fields = lines.map((line) => `X-Forwarded-For: ${line}`)
    expect(statusOf(await target.raw(signedCall(target, fields), { from: proxy }))).toBe(200)
    expect(target.upstream.seen[0]?.fields['x-forwarded-for']).toEqual([allowed])
  })

  it('says whose request it was on every refusal, even of the route', async () => {
    const target = await startTarget(config)
    const bytes = signedCall(target, ['X-Forwarded-For: 198.51.100.7']).replace(
      '/api/',
      '/nowhere/',
    )
    expect(statusOf(await target.raw(bytes, { from: proxy }))).toBe(404)
    expect(target.gateway.logLines[0]).toMatchObject({
      client_ip: '198.51.100.7',
      remote_ip: proxy,
      client_ip_source: 'x-forwarded-for',
    })
  })
})

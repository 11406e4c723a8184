/**
 * Writing the PROXY header oneself (threat A10): it stands before HTTP and needs no secret, so
 * whoever may send one says who he is:
 *
 *   PROXY TCP4 192.0.2.10 10.0.0.1 4711 443\r\nPOST /api/inngest HTTP/1.1\r\n…
 *   0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a  21 11 00 0c  c0 00 02 0a …
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget, type Target } from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'

const allowed = '192.0.2.10'
const proxy = '127.0.0.2'
const config = {
  listen: { host: '127.0.0.1', port: 0, proxyProtocol: true },
  allowlist: [allowed],
  trustedProxies: [proxy],
}

const v1 = (source: string) => `PROXY TCP4 ${source} 10.0.0.1 4711 443\r\n`

function v2(source: string, { command = 0x21, family = 0x11, tail = '' } = {}): string {
  const addresses = [...source.split('.').map(Number), 10, 0, 0, 1, 0x12, 0x67, 0x01, 0xbb]
  const block = Buffer.from(addresses).toString('latin1') + tail
  const length = String.fromCharCode(block.length >> 8, block.length & 0xff)
  return `\r\n\r\n\0\r\nQUIT\n${String.fromCharCode(command, family)}${length}${block}`
}

describe('a PROXY header', () => {
  it.each([
    ['version 1', v1(allowed)],
    ['version 2', v2(allowed)],
    ['version 2 with a TLV', v2(allowed, { tail: '\x04\0\x04abcd' })],
    ['version 1, IPv6-mapped', `PROXY TCP6 ::ffff:${allowed} ::1 1 2\r\n`],
  ])('names the client in %s from a trusted proxy', async (_, header) => {
    const target = await startTarget(config)
    expect(statusOf(await target.raw(header + signedCall(target), { from: proxy }))).toBe(200)
    expect(target.gateway.logLines[0]).toMatchObject({
      client_ip: allowed,
      remote_ip: proxy,
      proxied_ip: header.includes('::ffff') ? `::ffff:${allowed}` : allowed,
      client_ip_source: 'proxy-protocol',
    })
    expect(target.upstream.seen[0]?.fields['x-forwarded-for']).toEqual([allowed])
  })

  it('is read byte by byte as well, and with the request in pieces behind it', async () => {
    for (const header of [v1(allowed), v2(allowed)]) {
      const target = await startTarget(config)
      const bytes = (header + signedCall(target)).match(/[\s\S]/g) ?? []
      expect(statusOf(await target.raw(bytes, { from: proxy }))).toBe(200)
    }
  })

  it('says whose every request of the connection is', async () => {
    const target = await startTarget(config)
    const first = signedCall(target).replace('Connection: close\r\n', '')
    const answer = await target.raw(v1(allowed) + first + signedCall(target), { from: proxy })
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
    expect(target.gateway.logLines.map((line) => line['client_ip'])).toEqual([allowed, allowed])
  })

  it.each(['end', 'resetAndDestroy'] as const)(
    'is not missed on a connection that closes without a byte, by %s',
    async (close) => {
      const target = await startTarget(config)
      const check = connect({ port: target.gateway.port, host: '127.0.0.1', localAddress: proxy })
      await once(check, 'connect')
      check.resume()[close]()
      await once(check, 'close')
      // Accepted behind the check, so that what is logged of that one is there.
      const answer = await target.raw(v1(allowed) + signedCall(target), { from: proxy })
      expect(statusOf(answer)).toBe(200)
      expect(target.gateway.logLines.map(({ reason }) => reason)).toEqual(['none'])
    },
  )

  const refused: [string, string][] = [
    ['none', ''],
    ['one of version 1 over 107 bytes', `PROXY TCP4 ${' '.repeat(120)}`],
    ['a family that does not fit', 'PROXY TCP4 ::1 ::2 1 2\r\n'],
    ['an address that is none', v1('192.0.2.010')],
    ['a port that is none', `PROXY TCP4 ${allowed} 10.0.0.1 70000 1\r\n`],
    ['a port with a zero before it', `PROXY TCP4 ${allowed} 10.0.0.1 01 1\r\n`],
    ['more words', `PROXY TCP4 ${allowed} 10.0.0.1 1 2 3\r\n`],
    ['two spaces', `PROXY TCP4  ${allowed} 10.0.0.1 1 2\r\n`],
    ['a bare line feed', `PROXY TCP4 ${allowed} 10.0.0.1 1 2\n`],
    ['lower case', `proxy tcp4 ${allowed} 10.0.0.1 1 2\r\n`],
    ['version 3', v2(allowed, { command: 0x31 })],
    ['an unknown command', v2(allowed, { command: 0x22 })],
    ['a datagram', v2(allowed, { family: 0x12 })],
    ['a unix socket', v2(allowed, { family: 0x31 })],
    ['an address shorter than its family', v2(allowed, { family: 0x21 })],
    ['a length beyond what is read', '\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff'],
  ]
  it.each(refused)('ends the connection from a trusted proxy, being %s', async (_, header) => {
    const target = await startTarget(config)
    const answer = await target.raw(header + signedCall(target), { from: proxy })
    expect(answer).toBe('')
    expect(target.reasons()).toEqual(['proxy_header_invalid'])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each([
    ['UNKNOWN', 'PROXY UNKNOWN\r\n'],
    ['UNKNOWN with addresses', `PROXY UNKNOWN ${allowed} 10.0.0.1 1 2\r\n`],
    ['LOCAL', v2(allowed, { command: 0x20 })],
    ['UNSPEC', v2(allowed, { family: 0x00 })],
  ])('leaves the client unknown with %s, whatever its headers say', async (_, header) => {
    const target = await startTarget(config)
    const bytes = signedCall(target, [`X-Forwarded-For: ${allowed}`])
    expect(statusOf(await target.raw(header + bytes, { from: proxy }))).toBe(403)
    expect(target.reasons()).toEqual(['client_unidentified'])
  })

  it('decides, not the fields of the client behind it', async () => {
    const target = await startTarget(config)
    const bytes = signedCall(target, [`X-Forwarded-For: ${allowed}`, 'X-Forwarded-Proto: https'])
    expect(statusOf(await target.raw(v1('198.51.100.7') + bytes, { from: proxy }))).toBe(403)
    expect(target.gateway.logLines[0]).toMatchObject({
      client_ip: '198.51.100.7',
      client_ip_source: 'proxy-protocol',
    })
    const again = signedCall(target, ['X-Forwarded-Proto: https'])
    expect(statusOf(await target.raw(v1(allowed) + again, { from: proxy }))).toBe(200)
    expect(target.upstream.seen[0]?.fields['x-forwarded-proto']).toEqual(['http'])
  })

  const untrusted: [string, (target: Target) => string][] = [
    ['version 1', (target) => v1(allowed) + signedCall(target)],
    ['version 2', (target) => v2(allowed) + signedCall(target)],
  ]
  it.each(untrusted)('is refused in %s from any other peer', async (_, bytes) => {
    for (const settings of [config, { allowlist: [allowed], trustedProxies: [proxy] }]) {
      const target = await startTarget(settings)
      expect(statusOf(await target.raw(bytes(target), { from: '127.0.0.3' }))).toBe(400)
      expect(target.reasons()).toEqual(['proxy_header_unexpected'])
      expect(target.gateway.logLines[0]?.['remote_ip']).toBe('127.0.0.3')
      expect(target.upstream.bytes()).toBe('')
    }
  })

  it('is believed no longer from a proxy that a reload trusts no longer', async () => {
    const target = await startTarget(config)
    const socket = await open(target.gateway.port, proxy)
    let answers = ''
    socket.setEncoding('latin1').on('data', (text: string) => (answers += text))
    const kept = () => signedCall(target).replace('Connection: close\r\n', '')
    socket.write(v1(allowed) + kept())
    await expect.poll(() => answers).toContain('HTTP/1.1 200')
    target.gateway.rewrite({ ...config, trustedProxies: ['127.0.0.3'] })
    target.gateway.reload()
    socket.write(kept())
    await expect.poll(() => answers).toContain('HTTP/1.1 403')
    expect(target.reasons().at(-1)).toBe('client_unidentified')
    socket.destroy()
  })

  it('ends the connection if it does not come in time', async () => {
    const target = await startTarget({ ...config, limits: { headersTimeout: '200ms' } })
    const socket = await open(target.gateway.port, proxy)
    socket.write('PROXY TCP4 ')
    await new Promise((resolve) => socket.once('close', resolve).resume())
    expect(target.reasons()).toEqual(['proxy_header_invalid'])
  })
})

import { describe, expect, it } from 'vitest'

import { looksLikeProxyHeader, parseProxyHeader } from '../../../gateway/ip/proxy-protocol.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const hex = (text: string) =>
  Buffer.concat([signature, Buffer.from(text.replaceAll(' ', ''), 'hex')])

/** The source, or the state. */
function read(bytes: Buffer | string): string {
  const reading = parseProxyHeader(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  if (reading.state !== 'complete') return reading.state
  return `${String(reading.length)} ${reading.proxied.sourceAddress ?? 'unknown'}`
}

describe('parseProxyHeader', () => {
  it.each([
    // The examples of proxy-protocol.txt 2.1, with what follows them.
    ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\nGET /', '56 255.255.255.255'],
    ['PROXY TCP6 ffff:f::1 ffff::2 65535 0\r\n', '38 ffff:f::1'],
    ['PROXY UNKNOWN\r\n', '15 unknown'],
    ['PROXY UNKNOWN ffff::1 ffff::1 65535 65535\r\nx', '43 unknown'],
    ['', 'incomplete'],
    ['P', 'incomplete'],
    ['PROXY', 'incomplete'],
    ['PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r', 'incomplete'],
    [`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`, '107 unknown'],
    [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, 'invalid'],
    ['PROXY UNKNOWNX\r\n', 'invalid'],
    ['PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n', 'invalid'],
    ['PROXY TCP4 ::ffff:1.2.3.4 5.6.7.8 1 2\r\n', 'invalid'],
    ['PROXY TCP6 1.2.3.4 ::1 1 2\r\n', 'invalid'],
    ['PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n', 'invalid'],
    ['PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n', 'invalid'],
    ['PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n', 'invalid'],
    ['PROXY TCP6 [2001:db8::1] ::1 1 2\r\n', 'invalid'],
    ['PROXX', 'invalid'],
    ['GET / HTTP/1.1\r\n', 'invalid'],
  ])('reads %j as %s', (text, expected) => {
    expect(read(text)).toBe(expected)
  })

  it.each([
    ['21 11 000c c000020a 0a000001 1267 01bb', '28 192.0.2.10'],
    ['21 11 000f c000020a 0a000001 1267 01bb 040000', '31 192.0.2.10'],
    [
      '21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002 0001 0002',
      '52 2001:db8:0:0:0:0:0:1',
    ],
    ['20 00 0000', '16 unknown'],
    ['20 11 000c c000020a 0a000001 1267 01bb', '28 unknown'],
    ['21 00 0004 01020304', '20 unknown'],
    ['21 11 000c c000020a', 'incomplete'],
    ['21 11', 'incomplete'],
    ['', 'incomplete'],
    ['21 11 000b c000020a 0a000001 1267 01', 'invalid'],
    ['21 21 000c c000020a 0a000001 1267 01bb', 'invalid'],
    ['21 31 00d8', 'incomplete'],
    ['21 12 000c c000020a 0a000001 1267 01bb', 'invalid'],
    ['22 11 000c c000020a 0a000001 1267 01bb', 'invalid'],
    ['11 11 000c c000020a 0a000001 1267 01bb', 'invalid'],
    ['21 11 0ff1', 'invalid'],
  ])('reads version 2, %s, as %s', (text, expected) => {
    expect(read(hex(text))).toBe(expected)
  })
})

describe('looksLikeProxyHeader', () => {
  it('knows both versions, whole', () => {
    expect(looksLikeProxyHeader(Buffer.from('PROXY x'))).toBe(true)
    expect(looksLikeProxyHeader(hex('2111'))).toBe(true)
    expect(looksLikeProxyHeader(Buffer.from('PROXY'))).toBe(false)
    expect(looksLikeProxyHeader(Buffer.from('PROPFIND / HTTP/1.1'))).toBe(false)
    expect(looksLikeProxyHeader(Buffer.alloc(0))).toBe(false)
  })
})

import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { formatAddress, parseAddress } from '../../../gateway/ip/address.ts'
import { AddressRanges, parseRange } from '../../../gateway/ip/address-ranges.ts'
import { resolveClientAddress } from '../../../gateway/admit/checks/client-address.ts'

function rangesOf(...texts: string[]): AddressRanges {
  return AddressRanges.compile(
    texts.map((text) => {
      const reading = parseRange(text)
      if (!reading.ok) throw new Error(`${text}: ${reading.expected}`)
      return reading.range
    }),
  )
}

function isIn(text: string, ...ranges: string[]): boolean {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`no address: ${text}`)
  return rangesOf(...ranges).contains(address)
}

const notAddresses = ['', '1.2.3', '1.2.3.4.5', '01.2.3.4', '1.2.3.256', '0x7f.0.0.1', ' 1.2.3.4', '1.2.3.4\n', '1::2::3', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', 'fe80::1%eth0', '[::1]', '::1.2.3', '1.2.3.4::', '12345::', ':1', '1:'] // prettier-ignore

describe('parseAddress', () => {
  it.each(notAddresses)('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })

  it.each([
    '::ffff:198.51.100.7',
    '::ffff:c633:6407',
    '0:0:0:0:0:FFFF:C633:6407',
    '0000::ffff:c633:6407',
  ])('reads %s as the IPv4 address it maps', (text) => {
    expect(parseAddress(text)).toEqual(parseAddress('198.51.100.7'))
  })

  it.each(['::198.51.100.7', '64:ff9b::198.51.100.7', '2002:c633:6407::'])(
    'keeps %s IPv6',
    (text) => {
      expect(parseAddress(text)?.family).toBe(6)
    },
  )

  it('agrees with node:net on any address, and on any text that is none', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/)),
        (text) => {
          expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0)
        },
      ),
    )
  })

  it('is undone by formatAddress', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseAddress(text)
        expect(address && parseAddress(formatAddress(address))).toEqual(address)
      }),
    )
  })
})

describe('AddressRanges', () => {
  it.each([
    ['10.0.0.0/8', '9.255.255.255', false],
    ['10.0.0.0/8', '10.0.0.0', true],
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
  ])('%s contains %s: %s', (range, address, expected) => {
    expect(isIn(address, range)).toBe(expected)
  })

  it('contains nobody when empty', () => {
    expect(isIn('127.0.0.1')).toBe(false)
  })

  it.each([
    '10.0.0.0/08',
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.1/8',
    '0.0.0.0/0',
    '::/0',
    '::ffff:10.0.0.0/8',
    '::ffff:0.0.0.0/96',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '010.0.0.1',
    'fe80::1%eth0',
    'host',
  ])('refuses the range %s', (text) => {
    expect(parseRange(text).ok).toBe(false)
  })

  it.each(['fe80::1%eth0', 'fe80::%eth0/64', 'fe80::/64%eth0'])(
    'says of the range %s to leave the zone out',
    (text) => {
      const expected =
        'an IPv6 address or CIDR without a zone: leave out the % and the interface name'
      expect(parseRange(text)).toEqual({ ok: false, expected })
    },
  )

  it('agrees with net.BlockList on IPv4 ranges', () => {
    const ipv4Range = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 })).map(([base, prefix]) => {
      const value = parseAddress(base)?.value ?? 0n
      const hostBits = BigInt(32 - prefix)
      return { base: formatAddress({ family: 4, value: (value >> hostBits) << hostBits }), prefix }
    })
    fc.assert(
      fc.property(
        fc.array(ipv4Range, { minLength: 1, maxLength: 20 }),
        fc.ipV4(),
        (ranges, address) => {
          const list = new BlockList()
          for (const { base, prefix } of ranges) list.addSubnet(base, prefix, 'ipv4')
          const texts = ranges.map(({ base, prefix }) => `${base}/${String(prefix)}`)
          for (const candidate of [address, ...ranges.map(({ base }) => base)]) {
            expect(isIn(candidate, ...texts)).toBe(list.check(candidate, 'ipv4'))
          }
        },
      ),
    )
  })
})

describe('resolveClientAddress', () => {
  const trusted = rangesOf('10.0.0.0/8', 'fd00::/8')
  const resolve = (peer: string | undefined, ...lines: string[]) => {
    const connection = { remoteAddress: peer, isEncrypted: false, proxied: undefined }
    const policy = { trustedProxies: trusted, speaksProxyProtocol: false }
    const verdict = resolveClientAddress(connection, lines, policy)
    return verdict.ok
      ? `${formatAddress(verdict.value.address)} ${verdict.value.source}`
      : verdict.reason
  }

  it.each([
    [['192.0.2.1', '3.140.194.254'], '192.0.2.1 peer'],
    [['10.0.0.1', '3.3.3.3, 198.51.100.7'], '198.51.100.7 x-forwarded-for'],
    [['::ffff:10.0.0.1', '198.51.100.7'], '198.51.100.7 x-forwarded-for'],
    [['10.0.0.1', '3.3.3.3', '198.51.100.7, 10.0.0.2'], '198.51.100.7 x-forwarded-for'],
    [['10.0.0.1', '198.51.100.7:4711'], '198.51.100.7 x-forwarded-for'],
    [['10.0.0.1', '[2001:db8::1]:4711'], '2001:db8::1 x-forwarded-for'],
    [['10.0.0.1', '198.51.100.7, junk'], 'client_unidentified'],
    [['10.0.0.1', '198.51.100.7, '], 'client_unidentified'],
    [['10.0.0.1', '10.0.0.2, 10.0.0.3'], 'client_unidentified'],
    [['10.0.0.1'], 'client_unidentified'],
    [[undefined], 'client_unidentified'],
    // As Node gives a link-local peer (uv_if_indextoiid).
    [['fe80::dc6f:acff:feff:aa4e%eth0', '3.3.3.3'], 'fe80::dc6f:acff:feff:aa4e peer'],
    [['fe80::1%eth0'], 'fe80::1 peer'],
    [['fe80::1%'], 'client_unidentified'],
    [['%eth0'], 'client_unidentified'],
    [['192.0.2.1%eth0'], 'client_unidentified'],
    [['::ffff:192.0.2.1%eth0'], 'client_unidentified'],
    [['fd00::9%eth0', '198.51.100.7'], '198.51.100.7 x-forwarded-for'],
    [['10.0.0.1', '[2001:db8::1]'], '2001:db8::1 x-forwarded-for'],
    [['10.0.0.1', '[::ffff:198.51.100.7]'], '198.51.100.7 x-forwarded-for'],
    [['10.0.0.1', '[198.51.100.7]'], 'client_unidentified'],
    [['10.0.0.1', '[198.51.100.7]:80'], 'client_unidentified'],
    [['10.0.0.1', '[2001:db8::1'], 'client_unidentified'],
    [['10.0.0.1', '2001:db8::1]'], 'client_unidentified'],
    [['10.0.0.1', '[[2001:db8::1]]'], 'client_unidentified'],
    [['10.0.0.1', '[]'], 'client_unidentified'],
    [['10.0.0.1', 'fe80::1%eth0'], 'client_unidentified'],
    [['10.0.0.1', '[fe80::1%eth0]'], 'client_unidentified'],
    [['10.0.0.1', '[fe80::1%25eth0]:80'], 'client_unidentified'],
    [['10.0.0.1', '198.51.100.7, , 10.0.0.2'], 'client_unidentified'],
    [['10.0.0.1', '198.51.100.7,'], 'client_unidentified'],
  ])('%j is %s', ([peer, ...lines], expected) => {
    expect(resolve(peer, ...(lines as string[]))).toBe(expected)
  })

  it.each([
    ['35.191.0.7', ['198.51.100.7,203.0.113.10']],
    ['130.211.3.9', ['3.3.3.3, 198.51.100.7, 203.0.113.10']],
    ['35.191.255.1', ['3.3.3.3', '203.0.113.10,198.51.100.7,203.0.113.10']],
  ])("finds the client before Google's own address, as documented: from %s, %j", (peer, lines) => {
    const page = readFileSync('docs/how-to/load-balancers.md', 'utf8')
    const block = /^```yaml\n(trustedProxies:\n.*?)^```/ms.exec(page)?.[1] ?? ''
    const { trustedProxies } = parse(block) as { trustedProxies: string[] }
    const clientBehind = (...texts: string[]) => {
      const connection = { remoteAddress: peer, isEncrypted: false, proxied: undefined }
      const policy = { trustedProxies: rangesOf(...texts), speaksProxyProtocol: false }
      const verdict = resolveClientAddress(connection, lines, policy)
      return verdict.ok ? formatAddress(verdict.value.address) : verdict.reason
    }
    expect(clientBehind(...trustedProxies)).toBe('198.51.100.7')
    // Without the load balancer's own address that one would be the client.
    expect(clientBehind(...trustedProxies.slice(0, 2))).toBe('203.0.113.10')
  })

  it('leaves blanks around an address out, and takes no longer than the field is long', () => {
    expect(resolve('10.0.0.1', ' \t 198.51.100.7 \t , \t10.0.0.2 ')).toBe(
      '198.51.100.7 x-forwarded-for',
    )
    const before = process.threadCpuUsage().user
    expect(resolve('10.0.0.1', `x${' '.repeat(64_000)}x`)).toBe('client_unidentified')
    // Microseconds: the square of it takes millions.
    expect(process.threadCpuUsage().user - before).toBeLessThan(500_000)
  })

  it('believes no field of a peer that owes a PROXY header and was not asked for it', () => {
    const policy = { trustedProxies: trusted, speaksProxyProtocol: true }
    const connection = { remoteAddress: '10.0.0.1', isEncrypted: false, proxied: undefined }
    const verdict = resolveClientAddress(connection, ['198.51.100.7'], policy)
    expect(verdict).toEqual({ ok: false, reason: 'client_unidentified' })
  })

  it('takes nothing from what stands left of the rightmost untrusted address', () => {
    fc.assert(
      fc.property(fc.string(), (spoofed) => {
        expect(resolve('10.0.0.1', spoofed, '198.51.100.7')).toBe('198.51.100.7 x-forwarded-for')
      }),
    )
  })
})

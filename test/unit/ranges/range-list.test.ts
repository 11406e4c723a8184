import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { formatAddress } from '../../../gateway/ip/address.ts'
import { listProblems, MAX_RANGES, parseRangeList } from '../../../gateway/ranges/range-list.ts'

const texts = (list: string) => {
  const reading = parseRangeList(list)
  return reading.ok ? reading.ranges.map(({ text }) => text) : reading.problem
}

const addresses = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    formatAddress({ family: 4, value: 0x12000000n + BigInt(i) }),
  )

describe('parseRangeList', () => {
  it.each([
    ['lines', '18.221.41.114\n198.212.45.0/24\n2607:e3c0::/32\n'],
    ['no final newline', '18.221.41.114\n198.212.45.0/24\n2607:e3c0::/32'],
    ['CRLF', '18.221.41.114\r\n198.212.45.0/24\r\n2607:e3c0::/32\r\n'],
    ['a byte order mark', '\uFEFF18.221.41.114\n198.212.45.0/24\n2607:e3c0::/32\n'],
    ['blank lines and indentation', '\n  18.221.41.114\n\n\t198.212.45.0/24 \n2607:e3c0::/32\n\n'],
    ['comments', '# v4\n18.221.41.114 # old, <b>\n198.212.45.0/24#own\n2607:e3c0::/32\n#'],
    ['commas', '18.221.41.114, 198.212.45.0/24,2607:e3c0::/32,\n'],
    ['JSON', '["18.221.41.114", "198.212.45.0/24",\n"2607:e3c0::/32"]\n'],
    [
      'JSON behind a byte order mark',
      '\uFEFF ["18.221.41.114","198.212.45.0/24","2607:e3c0::/32"]',
    ],
  ])('reads %s', (_, list) => {
    expect(texts(list)).toEqual(['18.221.41.114', '198.212.45.0/24', '2607:e3c0::/32'])
  })

  it.each(['', '\n', '\uFEFF', '# nothing yet\n', ',,', '[]'])('refuses %j as empty', (list) => {
    expect(texts(list)).toBe('empty')
  })

  it.each([
    '<!DOCTYPE html><html><body>18.221.41.114</body></html>',
    'Not Found',
    '18.221.41.114 18.116.65.151',
    '18.221.41.114\nsoon',
    '198.212.45.1/24',
    '198.212.45.0/33',
    '198.212.45.0/',
    '018.221.41.114',
    '18.221.41.114:443',
    '18.0.0.1-18.0.0.9',
    '::ffff:18.0.0.0/8',
    '{"ranges": ["18.221.41.114"]}',
    '"18.221.41.114"',
    'null',
    '["18.221.41.114"',
    '["18.221.41.114", 1]',
    '[["18.221.41.114"]]',
    '["18.221.41.114,18.116.65.151"]',
    `${'['.repeat(50_000)}1`,
    ' '.repeat(60_000) + 'x',
  ])('refuses %.60j as no list', (list) => {
    expect(texts(list)).toBe('not_a_list')
  })

  it.each([
    '0.0.0.0/0',
    '::/0',
    '0.0.0.0/1\n128.0.0.0/1',
    '128.0.0.0/1',
    '18.0.0.0/15',
    '2600::/12',
    '2607:e3c0::/27',
    '2000::/3',
  ])('refuses %j as too wide', (list) => {
    expect(texts(list)).toBe('too_wide')
  })

  it.each(['18.0.0.0/16', '18.0.0.0/17', '2607:e3c0::/28', '2607:e3c0::/29', '2607:e3c0::1'])(
    'takes %s, which is not too wide',
    (list) => {
      expect(texts(list)).toEqual([list])
    },
  )

  it.each([
    ['0.1.2.3', 'this network'],
    ['10.1.0.0/16', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.0/24', 'private'],
    ['100.64.0.0/16', 'carriers'],
    ['100.127.255.255', 'carriers'],
    ['127.0.0.1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['192.0.0.0/24', 'protocols'],
    ['192.0.0.0/22', 'around the documentation'],
    ['192.0.2.1', 'documentation'],
    ['198.51.100.0/24', 'documentation'],
    ['203.0.113.0/24', 'documentation'],
    ['192.88.99.1', '6to4 relays'],
    ['192.31.196.1', 'AS112'],
    ['192.175.48.1', 'AS112'],
    ['192.52.193.1', 'AMT'],
    ['198.19.0.0/16', 'benchmarks'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::198.212.45.1', 'compatible'],
    ['::ffff:18.221.41.114', 'mapped'],
    ['::ffff:18.221.41.0/120', 'mapped'],
    ['64:ff9b::/96', 'NAT64'],
    ['64:ff9b:1::/48', 'NAT64'],
    ['100::/64', 'discard'],
    ['1fff:ffff::/32', 'below global unicast'],
    ['4000::/32', 'above global unicast'],
    ['5f00::/32', 'segment routing'],
    ['fc00::/28', 'ULA'],
    ['fd12:3456::/48', 'ULA'],
    ['fe80::/64', 'link-local'],
    ['ff02::1', 'multicast'],
    ['2001::/32', 'Teredo'],
    ['2001:1ff::/32', 'protocols'],
    ['2001:db8::/32', 'documentation'],
    ['2001:db0::/28', 'around the documentation'],
    ['2002:c633:6407::/48', '6to4'],
    ['2620:4f:8000::/48', 'AS112'],
    ['3fff::/32', 'documentation'],
  ])('refuses %s: %s', (list) => {
    expect(texts(`18.221.41.114\n${list}\n`)).toBe('special_purpose')
  })

  it.each([
    '1.0.0.0',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.0.0/16',
    '128.0.0.0',
    '169.253.0.0/16',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0/24',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2000::',
    '2001:200::/32',
    '2001:db7::/32',
    '2001:db9::/32',
    '2003::/32',
    '3ffe::/32',
    '3fff:1000::',
  ])(
    // prettier-ignore
    'takes %s, which is next to something special',
    (list) => {
      expect(texts(list)).toEqual([list])
    },
  )

  it.each([
    [MAX_RANGES - 1, true],
    [MAX_RANGES, true],
    [MAX_RANGES + 1, false],
  ])('reads %i ranges: %s', (count, isRead) => {
    for (const list of [addresses(count).join('\n'), JSON.stringify(addresses(count))]) {
      expect(texts(list)).toEqual(isRead ? addresses(count) : 'too_many')
    }
  })

  it('shows what is wrong, short and printable', () => {
    const found = (list: string) => {
      const reading = parseRangeList(list)
      return reading.ok ? undefined : reading.found
    }
    expect(found('18.221.41.114\n<html>\u202E\x1b[31m')).toBe('<html>??[31m')
    expect(found('x'.repeat(1000))).toHaveLength(60)
    expect(found('')).toBeUndefined()
  })

  it('never throws, and gives ranges or a problem from the table', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (list) => {
        const reading = parseRangeList(list)
        expect(reading.ok ? reading.ranges.length > 0 : reading.problem in listProblems).toBe(true)
      }),
    )
  })
})

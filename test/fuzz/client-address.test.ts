/** Whatever a client writes, behind a trusted proxy its address is the one that the proxy appended. */
import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { formatAddress, parseAddress } from '../../gateway/ip/address.ts'
import { AddressRanges, parseRange } from '../../gateway/ip/address-ranges.ts'
import { resolveClientAddress } from '../../gateway/admit/checks/client-address.ts'
import { fuzz, mutated } from '../support/fuzz.ts'

const reading = parseRange('10.0.0.0/8')
const trusted = AddressRanges.compile(reading.ok ? [reading.range] : [])
const connection = { remoteAddress: '10.0.0.1', isEncrypted: false, proxied: undefined }

const resolve = (...lines: string[]) => {
  const verdict = resolveClientAddress(connection, lines, {
    trustedProxies: trusted,
    speaksProxyProtocol: false,
  })
  return verdict.ok ? formatAddress(verdict.value.address) : verdict.reason
}

const junk = fc.oneof(
  fc.string(),
  fc.ipV4(),
  fc.ipV6(),
  mutated(fc.oneof(fc.ipV4(), fc.ipV6()), ',.: []%"=/'),
  fc.constantFrom('10.0.0.2', 'for=1.2.3.4', 'unknown', '', ' ', ',', '\t'),
)

describe('X-Forwarded-For', () => {
  it('gives the address that the proxy appended, whatever stands before it', () => {
    const client = fc.ipV4().filter((text) => !text.startsWith('10.'))
    fc.assert(
      fc.property(fc.array(junk), client, fc.boolean(), (before, text, isOneLine) => {
        const lines = isOneLine ? [[...before, text].join(', ')] : [...before, text]
        expect(resolve(...lines)).toBe(text)
      }),
      fuzz(),
    )
  })

  it('gives no address beyond one that cannot be read', () => {
    const isUnreadable = (text: string) =>
      !text.includes(',') &&
      isIP(text.replace(/^[ \t]+|[ \t]+$/g, '').replace(/^\[(.*:.*)\]$/, '$1')) === 0 &&
      !/:\d+[ \t]*$/.test(text)
    const after = fc.array(fc.constant('10.0.0.3'))
    fc.assert(
      fc.property(fc.array(junk), junk.filter(isUnreadable), after, (before, bad, proxies) => {
        expect(resolve([...before, bad, ...proxies].join(','))).toBe('client_unidentified')
      }),
      fuzz(),
    )
  })

  it('never throws, and never gives an address of the trusted proxies', () => {
    fc.assert(
      fc.property(fc.array(junk), (lines) => {
        const given = resolve(...lines)
        const address = parseAddress(given)
        expect(address !== undefined && trusted.contains(address)).toBe(false)
      }),
      fuzz(),
    )
  })
})

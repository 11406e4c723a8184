/**
 * Ranges that are not source addresses on the public internet: the special-purpose registries of IANA (RFC
 * 6890, iana-ipv4-special-registry and iana-ipv6-special-registry) and multicast.
 */
import { isDottedQuad } from './address.ts'
import { parseRange, type AddressRange } from './address-ranges.ts'

const SPECIAL_PURPOSE = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by customers of a carrier
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, and the metadata services of clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // IETF protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT relays
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  '2001::/23', // IETF protocol assignments: Teredo, benchmarks, ORCHID
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
].map(rangeOf)

function rangeOf(text: string): AddressRange {
  const reading = parseRange(text)
  if (!reading.ok) throw new Error(`${text}: expected ${reading.expected}`)
  return reading.range
}

/**
 * Whether any address of a range is special. In IPv6 only 2000::/3 is assigned (RFC 4291 2.4), so loopback,
 * ULA, link-local, multicast, mapped and NAT64 addresses need no rows.
 */
export function touchesSpecialPurpose({ family, first, last }: AddressRange): boolean {
  if (family === 6 && !(isGlobalUnicast(first) && isGlobalUnicast(last))) return true
  return SPECIAL_PURPOSE.some(
    (special) => special.family === family && first <= special.last && last >= special.first,
  )
}

function isGlobalUnicast(ipv6: bigint): boolean {
  return ipv6 >> 125n === 0b001n
}

/** Any other name than these resolves to what DNS says, so it does not count as loopback. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isDottedQuad(host) && host.startsWith('127.'))
}

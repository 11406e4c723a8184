/**
 * The network that an address belongs to on the Internet, at least: longer prefixes than /24 and /48 are
 * commonly not accepted by other networks (RFC 7454 6.1.3), so that a new range of an operator is not smaller.
 */
import { formatAddress, type Address } from './address.ts'

const HOST_BITS = { 4: 8n, 6: 80n } as const
const PREFIX = { 4: '/24', 6: '/48' } as const

/** @returns as CIDR text. */
export function routedNetworkOf({ family, value }: Address): string {
  const first = (value >> HOST_BITS[family]) << HOST_BITS[family]
  return `${formatAddress({ family, value: first })}${PREFIX[family]}`
}

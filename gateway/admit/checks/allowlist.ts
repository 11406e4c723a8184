/** Checks that the client address is in an allowed range. An empty allowlist admits no client. */
import { pass, refuse, type Verdict } from '../verdict.ts'
import type { Address } from '../../ip/address.ts'
import type { AddressRanges } from '../../ip/address-ranges.ts'

export function checkAllowlist(address: Address, allowlist: AddressRanges): Verdict<Address> {
  return allowlist.contains(address) ? pass(address) : refuse('client_not_allowed')
}

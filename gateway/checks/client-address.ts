/**
 * Who the client is: the peer of the connection, or, behind trusted proxies, the first untrusted
 * address of `X-Forwarded-For` walked right to left. What cannot be resolved is refused; skipping
 * an unreadable entry would let the sender choose the next one (Heimdall CVE-2026-57210).
 */
import { pass, refuse, type Verdict } from '../verdict.ts'
import { parseAddress, type Address } from './address.ts'
import type { AddressRanges } from './address-ranges.ts'

export type ClientAddressSource = 'peer' | 'x-forwarded-for'

export interface ClientAddress {
  readonly address: Address
  readonly source: ClientAddressSource
}

/** Some load balancers (Azure's) append the client's port; only this strict form is taken off. */
const WITH_PORT = /^(?:(\d+\.\d+\.\d+\.\d+)|\[([0-9a-fA-F:.]+)\]):\d{1,5}$/

/** @param forwardedFor every `X-Forwarded-For` line, in the order received. */
export function resolveClientAddress(
  peer: string | undefined,
  forwardedFor: readonly string[],
  trustedProxies: AddressRanges,
): Verdict<ClientAddress> {
  const peerAddress = peer === undefined ? undefined : parseAddress(peer)
  if (peerAddress === undefined) return refuse('client_unidentified')
  if (!trustedProxies.contains(peerAddress)) return pass({ address: peerAddress, source: 'peer' })

  for (const token of forwardedFor.join(',').split(',').reverse()) {
    const address = parseToken(token.replace(/^[ \t]+|[ \t]+$/g, ''))
    if (address === undefined) return refuse('client_unidentified')
    if (!trustedProxies.contains(address)) return pass({ address, source: 'x-forwarded-for' })
  }
  // Only trusted proxies all the way: whose request it is stays unknown.
  return refuse('client_unidentified')
}

function parseToken(token: string): Address | undefined {
  const withPort = WITH_PORT.exec(token)
  return parseAddress(withPort?.[1] ?? withPort?.[2] ?? token)
}

/**
 * Who the client is: the peer of the connection; or whom the PROXY protocol header of a trusted
 * peer names; or, if that is a trusted proxy too, the first untrusted address of `X-Forwarded-For`
 * walked right to left. What cannot be resolved is refused, never guessed (Heimdall CVE-2026-57210: a
 * client could choose its address).
 */
import type { Policy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import {
  parseAddress,
  parseHeaderAddress,
  parsePeerAddress,
  type Address,
} from '../../ip/address.ts'
import type { AddressRanges } from '../../ip/address-ranges.ts'
import { memoized } from '../memoized.ts'
import type { ConnectionHead } from '../request-head.ts'

export type ClientAddressSource = 'peer' | 'proxy-protocol' | 'x-forwarded-for'

export type ClientAddress =
  | { readonly address: Address; readonly source: Exclude<ClientAddressSource, 'x-forwarded-for'> }
  | {
      readonly address: Address
      readonly source: 'x-forwarded-for'
      /** How many entries follow the client's, each the address of a trusted proxy. */
      readonly hops: number
    }

/** Some load balancers (Azure's) append the client's port; only this strict form is taken off. */
const WITH_PORT = /^(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/

/** A proxy, and each of Inngest's servers, makes many connections and calls. */
const peerAddressOf = memoized(parsePeerAddress)
const proxiedAddressOf = memoized(parseAddress)
const headerAddressOf = memoized(parseHeaderAddress)

export type TrustPolicy = Pick<Policy, 'trustedProxies' | 'speaksProxyProtocol'>

/** @param forwardedFor every `X-Forwarded-For` line, in the order received. */
export function resolveClientAddress(
  connection: ConnectionHead,
  forwardedFor: readonly string[],
  { trustedProxies, speaksProxyProtocol }: TrustPolicy,
): Verdict<ClientAddress> {
  // A reload may since have taken back the trust that its PROXY header was believed with.
  if (connection.proxied !== undefined && !isTrusted(connection.remoteAddress, trustedProxies)) {
    return refuse('client_unidentified')
  }
  const speaker = speakerOf(connection)
  if (speaker === undefined) return refuse('client_unidentified')
  if (!trustedProxies.contains(speaker.address)) return pass(speaker)
  // A peer that came to be trusted while connected was not asked for its PROXY header, and what it
  // passes on are its client's words.
  if (speaksProxyProtocol && connection.proxied === undefined) return refuse('client_unidentified')

  for (const [hops, token] of forwardedFor.join(',').split(',').reverse().entries()) {
    const address = parseToken(withoutBlanks(token))
    if (address === undefined) return refuse('client_unidentified')
    if (!trustedProxies.contains(address)) return pass({ address, source: 'x-forwarded-for', hops })
  }
  // Only trusted proxies all the way: whose request it is stays unknown.
  return refuse('client_unidentified')
}

/** By hand: `[ \t]+$` takes quadratic time over blanks that are not at the end. */
function withoutBlanks(token: string): string {
  let [start, end] = [0, token.length]
  while (isBlank(token[start])) start += 1
  while (end > start && isBlank(token[end - 1])) end -= 1
  return token.slice(start, end)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

function isTrusted(peer: string | undefined, trustedProxies: AddressRanges): boolean {
  const address = peer === undefined ? undefined : peerAddressOf(peer)
  return address !== undefined && trustedProxies.contains(address)
}

/**
 * Who wrote the HTTP. A proxy that speaks the PROXY protocol passes bytes on as they are, so the
 * fields are its client's: where it does not say whose, they must not be believed as its own.
 */
function speakerOf({ remoteAddress, proxied }: ConnectionHead): ClientAddress | undefined {
  if (proxied === undefined) {
    const address = remoteAddress === undefined ? undefined : peerAddressOf(remoteAddress)
    return address && { address, source: 'peer' }
  }
  const { sourceAddress } = proxied
  const address = sourceAddress === undefined ? undefined : proxiedAddressOf(sourceAddress)
  return address && { address, source: 'proxy-protocol' }
}

function parseToken(token: string): Address | undefined {
  return headerAddressOf(WITH_PORT.exec(token)?.[1] ?? token)
}

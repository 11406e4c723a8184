/**
 * Resolves the client address. It is the peer of the connection, or the source address in the PROXY protocol
 * header of a trusted peer. If that is a trusted proxy too, it is the first untrusted address of
 * `X-Forwarded-For`, read from right to left. A request whose client cannot be resolved is refused: guessing
 * would let a client choose its address (Heimdall CVE-2026-57210).
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
      /** The number of entries after the client's; each is the address of a trusted proxy. */
      readonly hops: number
    }

/** Some load balancers (Azure's) append the client's port. Only this strict form is removed. */
const WITH_PORT = /^(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/

/** Memoized: a proxy, and each server of Inngest, makes many connections and calls. */
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
  // A reload may have removed the peer from `trustedProxies` since it sent its PROXY header.
  if (connection.proxied !== undefined && !isTrusted(connection.remoteAddress, trustedProxies)) {
    return refuse('client_unidentified')
  }
  const speaker = speakerOf(connection)
  if (speaker === undefined) return refuse('client_unidentified')
  if (!trustedProxies.contains(speaker.address)) return pass(speaker)
  // The peer was not trusted when it connected, so its PROXY header was not read, and the HTTP fields that it
  // passes on come from its client.
  if (speaksProxyProtocol && connection.proxied === undefined) return refuse('client_unidentified')

  for (const [hops, token] of forwardedFor.join(',').split(',').reverse().entries()) {
    const address = parseToken(withoutBlanks(token))
    if (address === undefined) return refuse('client_unidentified')
    if (!trustedProxies.contains(address)) return pass({ address, source: 'x-forwarded-for', hops })
  }
  // All addresses are trusted proxies, so the client is unknown.
  return refuse('client_unidentified')
}

/** Without a regular expression: `[ \t]+$` takes quadratic time for blanks that are not at the end. */
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
 * The sender of the HTTP fields. A proxy that speaks the PROXY protocol passes bytes on unchanged, so the
 * fields come from its client. If its header does not name that client, the fields must not be trusted as the
 * proxy's own.
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

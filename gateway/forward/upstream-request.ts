/** The head of the request that the app gets, built anew from an accepted one. */
import type { AdmittedRequest, PassthroughRequest } from '../admit/admit.ts'
import { formatAddress } from '../ip/address.ts'
import { forwardedPrefix, forwardedScheme } from '../admit/forwarded-request.ts'

type AcceptedRequest = AdmittedRequest | PassthroughRequest

/** @param kept what of the sender's fields may pass. @returns name, value, name, value … */
export function upstreamFields(
  request: AcceptedRequest,
  kept: readonly string[],
  requestId: string,
): string[] {
  const { serveOrigin, upstream } = request.route
  const host = serveOrigin?.host ?? request.host
  const protocol = serveOrigin?.protocol ?? forwardedProtocol(request)
  // HTTP/1.0 without Host: the app gets that of the upstream, as from nginx (`$proxy_host`) and Caddy,
  // and nothing that says a client sent it.
  const fields = ['host', host || authorityOf(upstream.origin), ...kept, 'x-request-id', requestId]
  if (host !== '') fields.push('x-forwarded-host', host)
  fields.push('x-forwarded-proto', protocol)
  const prefix = passedPrefix(request)
  if (prefix !== undefined) fields.push('x-forwarded-prefix', prefix)
  fields.push(...clientFields(request, host, protocol))
  return fields
}

/**
 * @param kept name, value, name, value …: of a verified request, which has one signature.
 * @throws if it has none: forwarded with two or none, an app could go by another one.
 */
export function replaceSignature(kept: string[], value: string): void {
  const at = kept.findIndex((name, i) => i % 2 === 0 && IS_SIGNATURE.test(name))
  if (at === -1) throw new Error('a verified request has no signature to replace')
  kept[at + 1] = value
}

const IS_SIGNATURE = /^x-inngest-signature$/i

function clientFields({ client }: AcceptedRequest, host: string, protocol: string): string[] {
  const about = host === '' ? `proto=${protocol}` : `host="${host}";proto=${protocol}`
  if (client === undefined) return ['forwarded', about]
  const address = formatAddress(client.address)
  const node = client.address.family === 6 ? `"[${address}]"` : address
  return ['x-forwarded-for', address, 'forwarded', `for=${node};${about}`]
}

function authorityOf(origin: string): string {
  return origin.slice(origin.indexOf('//') + 2)
}

/** The SDKs register the URL that this scheme makes, so a trusted proxy that ended TLS is believed. */
function forwardedProtocol({ head, client }: AcceptedRequest): string {
  if (head.connection.isEncrypted) return 'https'
  // Behind the PROXY protocol the fields are the client's own words.
  if (client?.source !== 'x-forwarded-for') return 'http'
  return forwardedScheme(head.rawHeaders, client.hops)
}

/** Of trusted proxies only, as the other fields. An Inngest route has one path, whoever shortened it. */
function passedPrefix({ kind, head, client }: AcceptedRequest): string | undefined {
  const isTrusted = kind === 'passthrough' && client?.source === 'x-forwarded-for'
  return isTrusted ? forwardedPrefix(head.rawHeaders) : undefined
}

/** The head of the request to the app, built anew from an accepted request. */
import type { AdmittedRequest, PassthroughRequest } from '../admit/admit.ts'
import { formatAddress } from '../ip/address.ts'
import { forwardedPrefix, forwardedScheme } from '../admit/forwarded-request.ts'

type AcceptedRequest = AdmittedRequest | PassthroughRequest

/** @param kept the received headers that are forwarded. @returns name, value, name, value … */
export function upstreamFields(
  request: AcceptedRequest,
  kept: readonly string[],
  requestId: string,
): string[] {
  const { serveOrigin, upstream } = request.route
  const host = serveOrigin?.host ?? request.host
  const protocol = serveOrigin?.protocol ?? forwardedProtocol(request)
  // HTTP/1.0 without Host: the app gets the upstream's, as from nginx (`$proxy_host`) and Caddy, and no
  // X-Forwarded-Host.
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

/** The SDKs register a URL with this scheme, so the scheme of a trusted proxy that ended TLS is used. */
function forwardedProtocol({ head, client }: AcceptedRequest): string {
  if (head.connection.isEncrypted) return 'https'
  // Behind the PROXY protocol, these headers come from the client itself.
  if (client?.source !== 'x-forwarded-for') return 'http'
  return forwardedScheme(head.rawHeaders, client.hops)
}

/** From trusted proxies only, as the other headers. An Inngest route has one path, whichever proxy removed a prefix. */
function passedPrefix({ kind, head, client }: AcceptedRequest): string | undefined {
  const isTrusted = kind === 'passthrough' && client?.source === 'x-forwarded-for'
  return isTrusted ? forwardedPrefix(head.rawHeaders) : undefined
}

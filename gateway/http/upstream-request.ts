/** The head of the request that the app gets, built anew from an accepted one. */
import type { AdmittedRequest, PassthroughRequest } from '../admit.ts'
import { formatAddress } from '../checks/address.ts'
import { fieldValues } from '../checks/request-head.ts'

/** @param kept what of the sender's fields may pass. @returns name, value, name, value … */
export function upstreamFields(
  request: AdmittedRequest | PassthroughRequest,
  kept: readonly string[],
  requestId: string,
): string[] {
  const host = request.route.serveOrigin?.host ?? request.host
  const protocol = request.route.serveOrigin?.protocol ?? forwardedProtocol(request)
  const fields = [...kept, 'host', host, 'x-request-id', requestId]
  fields.push('x-forwarded-host', host, 'x-forwarded-proto', protocol)
  const about = `host="${host}";proto=${protocol}`
  if (request.client === undefined) {
    fields.push('forwarded', about)
    return fields
  }
  const address = formatAddress(request.client.address)
  const node = request.client.address.family === 6 ? `"[${address}]"` : address
  fields.push('x-forwarded-for', address, 'forwarded', `for=${node};${about}`)
  return fields
}

/** The SDKs register the URL that this scheme makes, so a trusted proxy that ended TLS is believed. */
function forwardedProtocol({ head, client }: AdmittedRequest | PassthroughRequest): string {
  if (head.connection.isEncrypted) return 'https'
  // Behind the PROXY protocol the fields are the client's own words.
  if (client?.source !== 'x-forwarded-for') return 'http'
  const values = fieldValues(head.rawHeaders, 'x-forwarded-proto')
  return values.length === 1 && values[0] === 'https' ? 'https' : 'http'
}

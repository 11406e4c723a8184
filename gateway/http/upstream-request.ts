/** The head of the request that the app gets, built anew from an admitted one. */
import type { AdmittedRequest } from '../admit.ts'
import { formatAddress } from '../checks/address.ts'
import { fieldValues } from '../checks/request-head.ts'
import { keepRequestFields } from './header-hygiene.ts'

/** @returns name, value, name, value …; the length is written by the client from the body. */
export function upstreamFields(request: AdmittedRequest, requestId: string): string[] {
  const host = request.route.serveOrigin?.host ?? request.host
  const protocol = request.route.serveOrigin?.protocol ?? forwardedProtocol(request)
  const address = formatAddress(request.clientAddress)
  const node = request.clientAddress.family === 6 ? `"[${address}]"` : address
  const fields = keepRequestFields(request.head.rawHeaders)
  if (fieldValues(fields, 'x-request-id').length === 0) fields.push('x-request-id', requestId)
  fields.push('host', host)
  fields.push('x-forwarded-for', address)
  fields.push('x-forwarded-host', host)
  fields.push('x-forwarded-proto', protocol)
  fields.push('forwarded', `for=${node};host="${host}";proto=${protocol}`)
  return fields
}

/** The SDKs register the URL that this scheme makes, so a trusted proxy that ended TLS is believed. */
function forwardedProtocol(request: AdmittedRequest): string {
  if (!request.viaTrustedProxy) return 'http'
  const values = fieldValues(request.head.rawHeaders, 'x-forwarded-proto')
  return values.length === 1 && values[0] === 'https' ? 'https' : 'http'
}

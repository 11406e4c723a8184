/** What Node's HTTP parser or its timers refused, in this gateway's terms. */
import { looksLikeProxyHeader } from '../ip/proxy-protocol.ts'
import type { Reason } from '../admit/reasons.ts'

interface ParserError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
}

/** @returns undefined if the connection broke, so that there is nothing to refuse. */
export function reasonOfParserError({ code, rawPacket }: ParserError): Reason | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'headers_timeout'
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  if (code?.startsWith('HPE_') !== true) return undefined
  // The commonest misconfiguration of a load balancer deserves a name of its own.
  const isProxyHeader = rawPacket !== undefined && looksLikeProxyHeader(rawPacket)
  return isProxyHeader ? 'proxy_header_unexpected' : 'request_unparsable'
}

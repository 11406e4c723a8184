/** Converts the request that was read to the form that the checks use. */
import type { ConnectionHead, RequestHead } from '../admit/request-head.ts'
import { fieldValues, isUpgrade } from '../admit/request-head.ts'
import type { ReadRequest } from '../wire/request-reader.ts'

export function requestHeadOf(read: ReadRequest, connection: ConnectionHead): RequestHead {
  const { method, httpVersion, rawHeaders } = read
  const target = originForm(read, connection)
  return {
    method,
    target,
    httpVersion,
    rawHeaders,
    // RFC 9110 7.8: in HTTP/1.0 it must be ignored.
    isUpgrade: httpVersion === '1.1' && isUpgrade(rawHeaders, read.connection),
    connection,
  }
}

/**
 * RFC 9112 3.2.2: a server must accept the absolute form. It is read as the origin form, if it names the scheme of the
 * connection and the same authority as `Host`. Otherwise it stays as it is, and no route has such a target.
 */
function originForm({ target, rawHeaders }: ReadRequest, { isEncrypted }: ConnectionHead): string {
  if (target.startsWith('/')) return target
  const scheme = isEncrypted ? 'https://' : 'http://'
  if (target.slice(0, scheme.length).toLowerCase() !== scheme) return target
  const pathStart = target.indexOf('/', scheme.length)
  if (pathStart < 0) return target
  const authority = target.slice(scheme.length, pathStart).toLowerCase()
  const hosts = fieldValues(rawHeaders, 'host')
  return hosts.length === 1 && hosts[0]?.toLowerCase() === authority
    ? target.slice(pathStart)
    : target
}

/** RFC 9110 10.1.1: a client of HTTP/1.0 would read a 100 as the final response. */
export function awaitsContinue({ rawHeaders, httpVersion }: ReadRequest): boolean {
  return httpVersion === '1.1' && fieldValues(rawHeaders, 'expect').length > 0
}

/** The head of a request for the checks: raw, before anything in it is trusted. */
import type { ProxiedConnection } from '../ip/proxy-protocol.ts'

export interface RequestHead {
  readonly method: string
  /** The request target as sent: path and query, byte for byte. */
  readonly target: string
  /** As sent: `1.1`. */
  readonly httpVersion: string
  /** Name, value, name, value …: as sent, in order, with duplicates (Node joins or drops them in `headers`). */
  readonly rawHeaders: readonly string[]
  /** The client offers an upgrade to a protocol other than h2c (`isUpgrade`). */
  readonly isUpgrade: boolean
  readonly connection: ConnectionHead
}

/** What is known of the connection before its first request. */
export interface ConnectionHead {
  /** Peer of the TCP connection; undefined if the connection is already closed. */
  readonly remoteAddress: string | undefined
  readonly isEncrypted: boolean
  /** The content of a trusted peer's PROXY protocol header; undefined if none was required. */
  readonly proxied: ProxiedConnection | undefined
}

/**
 * Every value of one field, in the order received.
 * @param name lower-case.
 */
export function fieldValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const fieldName = rawHeaders[i]
    if (fieldName?.length === name.length && fieldName.toLowerCase() === name) {
      values.push(rawHeaders[i + 1] ?? '')
    }
  }
  return values
}

/**
 * Whether `Upgrade` and `Connection: upgrade` are both present, for a protocol other than h2c. RFC 9110 7.8: a
 * server may ignore an upgrade. A client does not depend on an upgrade to h2c, and the gateway could not
 * inspect that connection.
 * @param connection elements of `Connection`, in lower case.
 */
export function isUpgrade(rawHeaders: readonly string[], connection: readonly string[]): boolean {
  if (!connection.includes('upgrade')) return false
  return fieldValues(rawHeaders, 'upgrade').some((protocol) => protocol.toLowerCase() !== 'h2c')
}

/** Whether a body follows the head. */
export function announcesBody(rawHeaders: readonly string[]): boolean {
  const lengths = fieldValues(rawHeaders, 'content-length')
  if (lengths.some((length) => Number(length) !== 0)) return true
  return fieldValues(rawHeaders, 'transfer-encoding').length > 0
}

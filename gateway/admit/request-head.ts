/** The head of a request as the checks see it: raw, before anything in it is believed. */
import type { ProxiedConnection } from '../ip/proxy-protocol.ts'

export interface RequestHead {
  readonly method: string
  /** The request target as sent: path and query, byte for byte. */
  readonly target: string
  /** As sent: `1.1`. */
  readonly httpVersion: string
  /** Name, value, name, value …: as sent, in order, duplicates kept (Node joins or drops them in `headers`). */
  readonly rawHeaders: readonly string[]
  /** The client offers another protocol than h2c (`isUpgrade`). */
  readonly isUpgrade: boolean
  readonly connection: ConnectionHead
}

/** What is known of the connection before its first request. */
export interface ConnectionHead {
  /** Peer of the TCP connection; undefined if it is gone already. */
  readonly remoteAddress: string | undefined
  readonly isEncrypted: boolean
  /** What a trusted peer's PROXY protocol header said; undefined if none was asked for. */
  readonly proxied: ProxiedConnection | undefined
}

/** Every value of one field, in the order received. @param name lower-case. */
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
 * Whether `Upgrade` and `Connection: upgrade` are both there, and not for h2c. RFC 9110 7.8: a server may ignore an
 * upgrade; h2c is one that its client does not need, and that the gateway could not look into.
 * @param connection elements of `Connection`, in lower case.
 */
export function isUpgrade(rawHeaders: readonly string[], connection: readonly string[]): boolean {
  if (!connection.includes('upgrade')) return false
  return fieldValues(rawHeaders, 'upgrade').some((protocol) => protocol.toLowerCase() !== 'h2c')
}

/** Whether there is more of the request than its head. */
export function announcesBody(rawHeaders: readonly string[]): boolean {
  const lengths = fieldValues(rawHeaders, 'content-length')
  if (lengths.some((length) => Number(length) !== 0)) return true
  return fieldValues(rawHeaders, 'transfer-encoding').length > 0
}

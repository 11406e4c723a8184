/**
 * The PROXY protocol header, versions 1 and 2, in front of a connection's own bytes. Follows
 * HAProxy's proxy-protocol.txt of 2020-03-05; stricter where it leaves room: one space between
 * words, no leading zeros, and the header within `MAX_PROXY_HEADER_BYTES`.
 */
import { isDottedQuad, parseAddress } from './address.ts'

export interface ProxiedConnection {
  /** Undefined for LOCAL (the proxy's own connection) and UNKNOWN (the proxy does not know the client). */
  readonly sourceAddress: string | undefined
}

export type ProxyHeaderReading =
  | { readonly state: 'incomplete' }
  | { readonly state: 'invalid' }
  | { readonly state: 'complete'; readonly length: number; readonly proxied: ProxiedConnection }

/** Version 1 ends within 107 bytes; version 2 may carry TLVs behind its addresses. */
const MAX_V1_BYTES = 107
export const MAX_PROXY_HEADER_BYTES = 4096

const V1_START = Buffer.from('PROXY ')
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const V2_HEAD_BYTES = 16

const INVALID = { state: 'invalid' } as const
const INCOMPLETE = { state: 'incomplete' } as const

/** @param bytes the first bytes of a connection that have arrived so far. */
export function parseProxyHeader(bytes: Buffer): ProxyHeaderReading {
  if (isStartOf(bytes, V2_START)) return parseV2(bytes)
  return isStartOf(bytes, V1_START) ? parseV1(bytes) : INVALID
}

/** Whether bytes that are not HTTP are a PROXY header of either version. */
export function looksLikeProxyHeader(bytes: Buffer): boolean {
  return [V1_START, V2_START].some((start) => bytes.subarray(0, start.length).equals(start))
}

function isStartOf(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

function parseV1(bytes: Buffer): ProxyHeaderReading {
  const end = bytes.subarray(0, MAX_V1_BYTES).indexOf('\r\n')
  if (end === -1) return bytes.length < MAX_V1_BYTES ? INCOMPLETE : INVALID
  const line = bytes.toString('latin1', 0, end)
  // Everything after UNKNOWN is ignored up to the end of the line, as the specification requires.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return complete(end + 2, undefined)
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] =
    /^PROXY TCP([46]) (\S+) (\S+) (\d+) (\d+)$/.exec(line) ?? []
  const isOfFamily = (text: string) =>
    family === '4' ? isDottedQuad(text) : text.includes(':') && parseAddress(text) !== undefined
  const isValid =
    [source, destination].every(isOfFamily) && [sourcePort, destinationPort].every(isPort)
  return isValid ? complete(end + 2, source) : INVALID
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535
}

/** Command and family to the bytes of its source address and of the whole address block. */
const V2_FAMILIES: Readonly<Record<number, { source: number; block: number }>> = {
  0x11: { source: 4, block: 12 },
  0x21: { source: 16, block: 36 },
}

function parseV2(bytes: Buffer): ProxyHeaderReading {
  if (bytes.length < V2_HEAD_BYTES) return INCOMPLETE
  const [versionAndCommand, family = 0] = [bytes[12], bytes[13]]
  const length = V2_HEAD_BYTES + bytes.readUInt16BE(14)
  if (length > MAX_PROXY_HEADER_BYTES) return INVALID
  const isLocal = versionAndCommand === 0x20
  if (!isLocal && versionAndCommand !== 0x21) return INVALID
  if (bytes.length < length) return INCOMPLETE
  // UNSPEC: the proxy does not know the client, or the client's protocol has no address.
  if (isLocal || family === 0x00) return complete(length, undefined)
  const layout = V2_FAMILIES[family]
  if (layout === undefined || length < V2_HEAD_BYTES + layout.block) return INVALID
  const source = bytes.subarray(V2_HEAD_BYTES, V2_HEAD_BYTES + layout.source)
  return complete(length, layout.source === 4 ? source.join('.') : hextetsOf(source))
}

function hextetsOf(address: Buffer): string {
  return Array.from({ length: 8 }, (_, i) => address.readUInt16BE(2 * i).toString(16)).join(':')
}

function complete(length: number, sourceAddress: string | undefined): ProxyHeaderReading {
  return { state: 'complete', length, proxied: { sourceAddress } }
}

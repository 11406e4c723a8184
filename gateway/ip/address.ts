/**
 * IP addresses as numbers, so that every spelling of one address compares equal. An IPv4-mapped
 * IPv6 address (RFC 4291 2.5.5.2) equals its IPv4 address. No other embedded form does.
 */

export interface Address {
  readonly family: 4 | 6
  readonly value: bigint
}

const MAPPED_PREFIX = 0xffffn
const DECIMAL_OCTET = /^(?:0|[1-9]\d{0,2})$/
const HEXTET = /^[0-9a-fA-F]{1,4}$/

/** Strict: no leading zeros, zone, brackets, port or white space. @returns undefined otherwise. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const value = parseDottedQuad(text)
    return value === undefined ? undefined : { family: 4, value }
  }
  const value = parseHextets(text)
  if (value === undefined) return undefined
  if (value >> 32n === MAPPED_PREFIX) return { family: 4, value: value & 0xffffffffn }
  return { family: 6, value }
}

/**
 * The address of a socket, as the operating system writes it: a link-local IPv6 address has a zone
 * (`fe80::1%eth0`, RFC 4007 11.2). The zone names the interface, and not the peer.
 */
export function parsePeerAddress(text: string): Address | undefined {
  const at = text.indexOf('%')
  if (at === -1) return parseAddress(text)
  const address = parseAddress(text.slice(0, at))
  return address?.family === 6 && at + 1 < text.length ? address : undefined
}

/** An address in a header: without a zone, which has no meaning elsewhere; IPv6 also in brackets (RFC 3986 3.2.2). */
export function parseHeaderAddress(text: string): Address | undefined {
  if (!text.startsWith('[')) return parseAddress(text)
  const inner = text.endsWith(']') ? text.slice(1, -1) : ''
  return inner.includes(':') ? parseAddress(inner) : undefined
}

/** Dotted decimal, or IPv6 text with the longest run of zeros shortened (RFC 5952). */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return formatDottedQuad(Number(value))
  const hextets = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  )
  const zeros = hextets.join(':').match(/(?:^|(?<=:))0(?::0)+(?=:|$)/g) ?? []
  const longest = zeros.reduce((best, run) => (run.length > best.length ? run : best), '')
  if (longest === '') return hextets.join(':')
  const at = longestRunStart(hextets, longest.split(':').length)
  const tail = hextets.slice(at + longest.split(':').length)
  return `${hextets.slice(0, at).join(':')}::${tail.join(':')}`
}

function formatDottedQuad(value: number): string {
  const [a, b, c, d] = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
  return `${String(a)}.${String(b)}.${String(c)}.${String(d)}`
}

function longestRunStart(hextets: readonly string[], length: number): number {
  return hextets.findIndex(
    (_, i) => hextets.slice(i, i + length).join(':') === Array<string>(length).fill('0').join(':'),
  )
}

export function isDottedQuad(text: string): boolean {
  return parseDottedQuad(text) !== undefined
}

function parseDottedQuad(text: string): bigint | undefined {
  const parts = text.split('.', 5)
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!DECIMAL_OCTET.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return BigInt(value)
}

function parseHextets(text: string): bigint | undefined {
  if (text.length > 45) return undefined
  const halves = text.split('::')
  const [left, right] = halves
  if (left === undefined || halves.length > 2) return undefined
  const head = hextetsOf(left, right === undefined)
  if (right === undefined) return head?.length === 8 ? join(head) : undefined
  const tail = hextetsOf(right, true)
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined
  const gap = Array<number>(8 - head.length - tail.length).fill(0)
  return join([...head, ...gap, ...tail])
}

/** @param mayEndDotted only the last four bytes of an address may be written as a dotted quad. */
function hextetsOf(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const hextets: number[] = []
  for (const [i, part] of parts.entries()) {
    if (HEXTET.test(part)) {
      hextets.push(Number.parseInt(part, 16))
      continue
    }
    const quad = mayEndDotted && i === parts.length - 1 ? parseDottedQuad(part) : undefined
    if (quad === undefined) return undefined
    hextets.push(Number(quad >> 16n), Number(quad & 0xffffn))
  }
  return hextets
}

function join(hextets: readonly number[]): bigint {
  return hextets.reduce((value, hextet) => (value << 16n) | BigInt(hextet), 0n)
}

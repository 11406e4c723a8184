/**
 * Reads header sections: lines of `name: value`, in one way only (RFC 9112 5). Byte by byte, because a regular
 * expression for each line takes three times as long.
 */
import { headerName } from './header-names.ts'

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a
const DELETE = 0x7f

/** RFC 9110 5.6.2. */
const isToken = Uint8Array.from({ length: 256 }, (_, code) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0,
)

export interface HeaderSection {
  /** Name, value, name, value …: as sent, in order, without white space around values. */
  readonly rawHeaders: readonly string[]
  /** The values of `Content-Length`, in order. */
  readonly contentLengths: readonly string[]
  /** The values of `Transfer-Encoding`, in order, including white space around them. */
  readonly transferEncodings: readonly string[]
  /** Elements of `Connection`, in lower case. */
  readonly connection: readonly string[]
}

type Growing = { readonly [Key in keyof HeaderSection]: string[] }

/**
 * @param bytes lines, each with the CRLF at its end. @param text the same bytes as latin1.
 * @param from the offset of the first header line.
 * @returns undefined if a line is not `name: value`. A line with white space before the colon is invalid, and so
 *   is one that continues the previous line (RFC 9112 5.1, 5.2).
 */
export function readHeaderSection(
  bytes: Buffer,
  text: string,
  from: number,
): HeaderSection | undefined {
  const section: Growing = {
    rawHeaders: [],
    contentLengths: [],
    transferEncodings: [],
    connection: [],
  }
  for (let start = from; start < bytes.length;) {
    const colon = endOfToken(bytes, start)
    if (colon === start || bytes[colon] !== COLON) return undefined
    const end = endOfValue(bytes, colon + 1)
    if (bytes[end] !== CR || bytes[end + 1] !== LF) return undefined
    const name = headerName(bytes, text, start, colon)
    section.rawHeaders.push(name, trimmed(text, colon + 1, end))
    // The length is compared first, because most names are none of these.
    const { length } = name
    if (length === 10 || length === 14 || length === 16 || length === 17)
      note(section, name.toLowerCase(), text.slice(colon + 1, end))
    start = end + 2
  }
  return section
}

function note(section: Growing, lowerName: string, sent: string): void {
  switch (lowerName) {
    case 'content-length':
      section.contentLengths.push(trimmed(sent, 0, sent.length))
      break
    case 'transfer-encoding':
      section.transferEncodings.push(sent)
      break
    case 'connection':
      for (const element of elementsOf(sent)) section.connection.push(element)
      break
    case 'proxy-connection':
      // `Proxy-Connection: close` closes the connection for old clients and for Node's parser (RFC 9112 C.2.2).
      if (elementsOf(sent).includes('close')) section.connection.push('close')
  }
}

// After the last byte both loops read a 0, which is in neither table.
function endOfToken(bytes: Buffer, from: number): number {
  let at = from
  while (isToken[bytes[at] ?? 0] === 1) at += 1
  return at
}

/** RFC 9110 5.5: visible characters, space, tab, and bytes beyond ASCII, which are passed on as they are. */
function endOfValue(bytes: Buffer, from: number): number {
  for (let at = from; ; at += 1) {
    const code = bytes[at] ?? 0
    if (code < SPACE ? code !== TAB : code === DELETE) return at
  }
}

/** White space is space and tab (RFC 9110 5.6.3): String#trim removes more. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start += 1
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1
  return text.slice(start, end)
}

/** RFC 9110 7.6.1. */
function elementsOf(value: string): string[] {
  if (!value.includes(',')) return [trimmed(value, 0, value.length).toLowerCase()]
  return value.split(',').map((element) => trimmed(element, 0, element.length).toLowerCase())
}

/** Whether the sender of a message in this version keeps the connection (RFC 9112 9.3). */
export function keepsConnection({ connection }: HeaderSection, httpVersion: string): boolean {
  if (connection.includes('close')) return false
  return httpVersion === '1.1' || connection.includes('keep-alive')
}

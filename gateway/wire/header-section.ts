/**
 * Header sections: lines of `name: value`, read in one way only (RFC 9112 5). Byte by byte, with tables:
 * patterns on each line take three times as long.
 */

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a
const DELETE = 0x7f

/** RFC 9110 5.6.2. */
const isToken = tableOf((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)))

/** RFC 9110 5.5: visible characters, space, tab, and bytes beyond ASCII, which are passed on as they are. */
const isInValue = tableOf((code) => code === TAB || (code >= SPACE && code !== DELETE))

function tableOf(isIn: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (isIn(code) ? 1 : 0))
}

export interface HeaderSection {
  /** Name, value, name, value …: as sent, in order; white space around values is removed. */
  readonly rawHeaders: readonly string[]
  /** What decides where the message ends: values in the order received. */
  readonly contentLengths: readonly string[]
  readonly transferEncodings: readonly string[]
  /** Elements of `Connection`, in lower case. */
  readonly connection: readonly string[]
}

const NO_VALUES: readonly string[] = []

/**
 * @param bytes lines, each with the CRLF at its end. @param text the same as latin1.
 * @param from where the first header line begins.
 * @returns undefined if a line is not `name: value`. One with white space before its colon is not, nor one that
 *   continues the line before it (RFC 9112 5.1, 5.2).
 */
export function readHeaderSection(
  bytes: Buffer,
  text: string,
  from: number,
): HeaderSection | undefined {
  const rawHeaders: string[] = []
  let contentLengths = NO_VALUES
  let transferEncodings = NO_VALUES
  let connection = NO_VALUES
  for (let start = from; start < bytes.length;) {
    const colon = endOf(isToken, bytes, start)
    if (colon === start || bytes[colon] !== COLON) return undefined
    const end = endOf(isInValue, bytes, colon + 1)
    if (bytes[end] !== CR || bytes[end + 1] !== LF) return undefined
    const name = text.slice(start, colon)
    const value = trimmed(bytes, text, colon + 1, end)
    rawHeaders.push(name, value)
    // By length first: most names decide nothing here.
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      contentLengths = [...contentLengths, value]
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      transferEncodings = [...transferEncodings, value]
    } else if (name.length === 10 && name.toLowerCase() === 'connection') {
      connection = [...connection, ...elementsOf(value)]
    }
    start = end + 2
  }
  return { rawHeaders, contentLengths, transferEncodings, connection }
}

/** Where the run of characters that begins at `from` ends. */
function endOf(table: Uint8Array, bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && table[bytes[at] ?? 0] === 1) at += 1
  return at
}

function trimmed(bytes: Buffer, text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(bytes[start])) start += 1
  while (end > start && isBlank(bytes[end - 1])) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number | undefined): boolean {
  return code === SPACE || code === TAB
}

function elementsOf(value: string): string[] {
  return value.split(',').map((element) => element.trim().toLowerCase())
}

/** Whether the sender of a message in this version keeps the connection (RFC 9112 9.3). */
export function keepsConnection({ connection }: HeaderSection, httpVersion: string): boolean {
  if (connection.includes('close')) return false
  return httpVersion === '1.1' || connection.includes('keep-alive')
}

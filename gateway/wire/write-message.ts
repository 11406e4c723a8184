/** Writes heads and chunks of HTTP/1.1 (RFC 9112 2.1, 7.1). */

export const LAST_CHUNK = '0\r\n\r\n'

/** In latin1, U+010A would be written as a line end. */
const BEYOND_LATIN1 = /[^\0-\xff]/

/**
 * @param headers name, value, name, value …: latin1.
 * @returns the head with the empty line at its end. @throws if a header could be read as more than one.
 */
export function writeHead(startLine: string, headers: readonly string[]): string {
  let head = `${startLine}\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const value = headers[i + 1] ?? ''
    // The readers accept no such value. This also protects values from other sources.
    if (value.includes('\n') || value.includes('\r'))
      throw new Error('a header value contains a line end')
    head += `${headers[i] ?? ''}: ${value}\r\n`
  }
  if (BEYOND_LATIN1.test(head)) throw new Error('a header contains a character beyond latin1')
  return `${head}\r\n`
}

/** The line before a chunk. @param bytes more than 0. The chunk is followed by CRLF. */
export function chunkStart(bytes: number): string {
  return `${bytes.toString(16)}\r\n`
}

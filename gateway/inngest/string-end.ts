/** Finds the end of a JSON string, in bytes that may lack it. */

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * @param start offset within the string.
 * @returns the offset of the closing quote, or where to continue: at the end or, within an escape, after it.
 */
export function endOfString(json: Buffer, start: number): number {
  const at = skipNear(json, start)
  return at >= json.length || json[at] === QUOTE ? at : endOfLongString(json, at)
}

/** A separate function, so that V8 inlines the search through short strings into the loop of the caller. */
function endOfLongString(json: Buffer, start: number): number {
  let at = start
  while (at < json.length && json[at] !== QUOTE) {
    const quote = json.indexOf(QUOTE, at)
    const end = quote === -1 ? json.length : quote
    if (!isEscaped(json, at, end)) return end
    at = skipNear(json, end + 1)
  }
  return at
}

/** Most strings are short: starting the native search takes as long as reading this many bytes. */
const NEAR_BYTES = 128

/** @returns the offset of the closing quote, or the first offset beyond the near bytes. */
function skipNear(json: Buffer, start: number): number {
  // Never reads beyond the bytes: after one such read, V8 makes all later ones several times slower.
  const near = Math.min(json.length, start + NEAR_BYTES)
  let at = start
  while (at < near) {
    const byte = json[at]
    if (byte === QUOTE) return at
    at += byte === BACKSLASH ? 2 : 1
  }
  return at
}

/** Whether an odd number of backslashes precedes `at`. An even number escapes each other. */
function isEscaped(json: Buffer, from: number, at: number): boolean {
  let first = at
  while (first > from && json[first - 1] === BACKSLASH) first -= 1
  return (at - first) % 2 === 1
}

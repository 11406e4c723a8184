/** Where a string of JSON ends, in bytes of which its end may be missing. */

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * @param start offset within the string.
 * @returns the offset of the closing quote, or where to go on: at the end or, in an escape, behind it.
 */
export function endOfString(json: Buffer, start: number): number {
  const at = skipNear(json, start)
  return at >= json.length || json[at] === QUOTE ? at : endOfLongString(json, at)
}

/** By itself: V8 then makes the search through a short string part of the loop that calls it. */
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

/** Strings are mostly short: the native search takes as long to begin as this many bytes. */
const NEAR_BYTES = 128

/** @returns the offset of the closing quote, or of what is not near any more. */
function skipNear(json: Buffer, start: number): number {
  // Never beyond the bytes: V8 makes every later reading several times slower for one that was.
  const near = Math.min(json.length, start + NEAR_BYTES)
  let at = start
  while (at < near) {
    const byte = json[at]
    if (byte === QUOTE) return at
    at += byte === BACKSLASH ? 2 : 1
  }
  return at
}

/** Whether an odd number of backslashes precedes `at`: an even number escapes each other. */
function isEscaped(json: Buffer, from: number, at: number): boolean {
  let first = at
  while (first > from && json[first - 1] === BACKSLASH) first -= 1
  return (at - first) % 2 === 1
}

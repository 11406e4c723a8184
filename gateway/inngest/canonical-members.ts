/** Finds the members of an object in canonical JSON without parsing what is in them. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c

export interface Member {
  /** Offset of the value. */
  readonly start: number
  /** The value as text if it has this type: of a string what it means, of a number its digits. */
  readonly scalar: (type: 'string' | 'number') => string | undefined
}

/**
 * @param canonical what `canonicalizeJson` returned: no white space, no member twice. The result for
 * other bytes means nothing.
 * @param start offset of the object. @returns undefined if there is something else.
 */
export function objectMembers(
  canonical: Uint8Array,
  start: number,
): ReadonlyMap<string, Member> | undefined {
  const bytes = Buffer.from(canonical.buffer, canonical.byteOffset, canonical.byteLength)
  if (bytes[start] !== OPEN_OBJECT) return undefined
  const members = new Map<string, Member>()
  let at = start + 1
  while (bytes[at] === QUOTE) {
    const nameEnd = endOfString(bytes, at)
    const valueStart = nameEnd + 1
    const valueEnd = endOfValue(bytes, valueStart)
    members.set(stringAt(bytes, at, nameEnd), memberAt(bytes, valueStart, valueEnd))
    at = valueEnd + 1
  }
  return members
}

function memberAt(bytes: Buffer, start: number, end: number): Member {
  return {
    start,
    scalar: (type) => {
      if (type === 'string') return bytes[start] === QUOTE ? stringAt(bytes, start, end) : undefined
      const text = bytes.toString('latin1', start, Math.min(end, start + 32))
      return /^-?\d+$/.test(text) ? text : undefined
    },
  }
}

function stringAt(bytes: Buffer, start: number, end: number): string {
  return JSON.parse(bytes.toString('utf8', start, end)) as string
}

/** @returns the offset behind the value that starts here. */
function endOfValue(bytes: Buffer, start: number): number {
  let depth = 0
  let at = start
  do {
    const byte = bytes[at]
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1
    if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1
    at = byte === QUOTE ? endOfString(bytes, at) : at + 1
  } while (at < bytes.length && (depth > 0 || !isBehindValue(bytes, at)))
  return at
}

function isBehindValue(bytes: Buffer, at: number): boolean {
  const byte = bytes[at]
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY
}

/** @returns the offset behind the closing quote. */
function endOfString(bytes: Buffer, start: number): number {
  let at = bytes.indexOf(QUOTE, start + 1)
  while (at !== -1 && isEscaped(bytes, at)) at = bytes.indexOf(QUOTE, at + 1)
  return at === -1 ? bytes.length : at + 1
}

/** An odd number of backslashes in front of it. */
function isEscaped(bytes: Buffer, at: number): boolean {
  let before = at
  while (bytes[before - 1] === BACKSLASH) before -= 1
  return (at - before) % 2 === 1
}

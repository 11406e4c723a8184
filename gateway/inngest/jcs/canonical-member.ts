/**
 * Finds a member in canonical JSON (RFC 8785) without building other values. Canonical JSON has no white space,
 * one spelling for each name, and its members in order and without duplicates. So the search ends at the first
 * name that sorts after the wanted one.
 */

/**
 * Maximum length of the search, to keep the event loop free. It covers all bodies that are canonicalized there,
 * and is longer than the members of `ctx` before its `stack` ever get.
 */
const MAX_BYTES = 65_536

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
const CLOSE_OBJECT = 0x7d
const CLOSE_ARRAY = 0x5d

export type MemberReading = { readonly text: string | undefined } | 'unknown'

/**
 * @param path names of lower-case letters and `_`, from the outermost.
 * @returns the JSON text of the member; undefined if the last name is missing. `unknown` if an object on the
 * path is missing, or is not within reach.
 */
export function memberText(canonical: Uint8Array, path: readonly string[]): MemberReading {
  const json = Buffer.from(canonical.buffer, canonical.byteOffset, canonical.byteLength)
  let at = 0
  for (const [i, name] of path.entries()) {
    if (json[at] !== OPEN_OBJECT) return 'unknown'
    const start = startOfMember(json, at, Buffer.from(name))
    if (start === 'unknown') return start
    if (start === undefined) return i === path.length - 1 ? { text: undefined } : 'unknown'
    at = start
  }
  const end = endOfValue(json, at)
  return isWithinReach(json, end) ? { text: json.toString('utf8', at, end) } : 'unknown'
}

function isWithinReach(json: Buffer, at: number): boolean {
  return at < MAX_BYTES && at < json.length
}

/**
 * Where the value of a member begins. Its end is not searched: an object on the path, such as a `ctx` with a
 * long `stack`, may end beyond reach.
 */
function startOfMember(
  json: Buffer,
  object: number,
  wanted: Buffer,
): number | undefined | 'unknown' {
  let at = object + 1
  while (json[at] === QUOTE) {
    const nameEnd = endOfString(json, at)
    if (!isWithinReach(json, nameEnd)) return 'unknown'
    // Compared by bytes, which is the canonical order if one of the names has only lower-case letters and `_`.
    const order = json.compare(wanted, 0, wanted.length, at + 1, nameEnd - 1)
    if (order > 0) return undefined
    const start = nameEnd + 1
    if (order === 0) return start
    const end = endOfValue(json, start)
    if (!isWithinReach(json, end)) return 'unknown'
    at = json[end] === COMMA ? end + 1 : end
  }
  return undefined
}

/** @returns the offset after the value, or one beyond reach. */
function endOfValue(json: Buffer, start: number): number {
  let depth = 0
  let at = start
  while (isWithinReach(json, at)) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at)
        break
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth += 1
        at += 1
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (depth === 0) return at
        depth -= 1
        at += 1
        break
      case COMMA:
        if (depth === 0) return at
        at += 1
        break
      default:
        at += 1
    }
  }
  return at
}

/** @returns the offset after the closing quote, or one beyond reach. */
function endOfString(json: Buffer, start: number): number {
  let at = start + 1
  while (isWithinReach(json, at)) {
    if (json[at] === QUOTE) return at + 1
    at += json[at] === BACKSLASH ? 2 : 1
  }
  return at
}

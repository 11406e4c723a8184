/**
 * The first difference between a body and its canonical form, for a request that was verified in that form
 * only: a hop rewrites the JSON, and the operator may want to find it.
 */
import { readString } from '../inngest/jcs/json-string.ts'

export type DifferenceKind =
  /** A string is escaped differently than in the canonical form. */
  | 'escape'
  /** There is white space between the tokens. */
  | 'whitespace'
  /** The members of an object are in another order. */
  | 'member_order'
  /** A number has another notation. */
  | 'number'
  | 'other'

export interface Difference {
  readonly kind: DifferenceKind
  /** The offset of the first byte that differs. */
  readonly offset: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** For longer bodies the reason is not determined: that takes many times as long as finding the offset. */
const LONGEST_EXPLAINED_BYTES = 1_048_576

/**
 * @param canonical the result of canonicalizeJson for `received`.
 * @returns undefined if they are equal.
 */
export function firstDifference(
  received: Uint8Array,
  canonical: Uint8Array,
): Difference | undefined {
  const offset = firstDifferingByte(received, canonical)
  if (offset === undefined) return undefined
  const isLong = received.byteLength > LONGEST_EXPLAINED_BYTES
  return { kind: isLong ? 'other' : kindAt(offset, received, canonical), offset }
}

/** @returns the offset; the length of the shorter one if the longer one begins with it. */
export function firstDifferingByte(one: Uint8Array, other: Uint8Array): number | undefined {
  const length = Math.min(one.byteLength, other.byteLength)
  for (let at = 0; at < length; at += 1) if (one[at] !== other[at]) return at
  return one.byteLength === other.byteLength ? undefined : length
}

function kindAt(offset: number, received: Uint8Array, canonical: Uint8Array): DifferenceKind {
  const quote = openQuoteBefore(offset, received)
  if (quote !== undefined) {
    // Both have the same values, so another text here is the name of another member.
    const isSameText = readString(received, quote)?.text === readString(canonical, quote)?.text
    return isSameText ? 'escape' : 'member_order'
  }
  // The canonical form has nothing between tokens.
  if (isWhitespace(received[offset])) return 'whitespace'
  return isOfNumber(received[offset]) || isOfNumber(canonical[offset]) ? 'number' : 'other'
}

/** Offset of the opening quote of the string that contains `offset`. */
function openQuoteBefore(offset: number, json: Uint8Array): number | undefined {
  let quote: number | undefined
  for (let at = 0; at < offset; at += 1) {
    if (json[at] === QUOTE) quote = quote === undefined ? at : undefined
    else if (json[at] === BACKSLASH) at += 1
  }
  return quote
}

function isWhitespace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isOfNumber(byte: number | undefined): boolean {
  return byte !== undefined && /[\d.eE+-]/.test(String.fromCharCode(byte))
}

/**
 * An encrypted value of the SDKs' encryption middleware (`@inngest/middleware-encryption` 0.1 to 2.0, Python's
 * `inngest-encryption`): an object with a marker, the name of the strategy and the ciphertext. V0 has no name.
 * A further member could hold any plaintext, and an app would still take the object for encrypted.
 */
import type { JsonCursor } from './json-cursor.ts'

export const MARKER = Buffer.from('__ENCRYPTED__')
export const STRATEGY = Buffer.from('__STRATEGY__')
export const DATA = Buffer.from('data')

const TRUE = Buffer.from('true')

const SODIUM = Buffer.from('inngest/libsodium')
const AES = Buffer.from('inngest/aes')

/** libsodium `secretbox`: a nonce of 24 bytes, a MAC of 16, and at least one byte of ciphertext, in base64. */
const SODIUM_LENGTH = 56

/** The start of OpenSSL's format (`Salted__`, in base64), and its minimum length: the salt and one block. */
const SALTED = Buffer.from('U2FsdGVkX1')
const SALTED_LENGTH = 44

const EQUALS = 0x3d

/** 0 for the characters of base64 (RFC 4648 4), 1 for others. */
const OUTSIDE_BASE64 = outside((text) => /^[A-Za-z0-9+/]$/.test(text))

/** 0 for characters that a service of the operator may write: visible ASCII that needs no escape. */
const OUTSIDE_TOKEN = outside((text) => /^[!#-[\]-~]$/.test(text))

function outside(isInside: (text: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    isInside(String.fromCharCode(byte)) ? 0 : 1,
  )
}

/** In canonical JSON, as the current middleware writes it. */
const USUAL_START = Buffer.from('{"__ENCRYPTED__":true,"__STRATEGY__":"inngest/libsodium","data":"')

const QUOTE = 0x22
const CLOSE_OBJECT = 0x7d

const MARKER_SEEN = 1
const STRATEGY_SEEN = 2
const DATA_SEEN = 4

/**
 * Takes the value if it is encrypted. Otherwise the cursor may be anywhere in the value.
 * @param strategies the names of further services, whose format is unknown.
 */
export function takeEncrypted(cursor: JsonCursor, strategies: readonly Buffer[]): boolean {
  return takeUsual(cursor) || takeAnyEncrypted(cursor, strategies)
}

/** The same for the usual bytes only. Otherwise the cursor does not move. */
export function takeUsual(cursor: JsonCursor): boolean {
  const start = cursor.at
  if (!cursor.takeLiteral(USUAL_START)) return false
  const { json, at: from } = cursor
  const to = json.indexOf(QUOTE, from)
  const isUsual = json[to + 1] === CLOSE_OBJECT && isSodiumText(json, from, to)
  cursor.at = isUsual ? to + 2 : start
  return isUsual
}

function takeAnyEncrypted(cursor: JsonCursor, strategies: readonly Buffer[]): boolean {
  if (!cursor.openObject()) return false
  let seen = 0
  let strategyFrom = 0
  let strategyTo = 0
  let dataFrom = 0
  let dataTo = 0
  while (cursor.nextMember()) {
    const member = memberOf(cursor)
    // For a duplicate name: parsers differ in which one counts.
    if (member === 0 || (seen & member) !== 0) return false
    seen |= member
    if (member === MARKER_SEEN) {
      if (!cursor.takeLiteral(TRUE)) return false
      continue
    }
    const from = cursor.at + 1
    const to = cursor.takeString()
    if (to === -1) return false
    if (member === STRATEGY_SEEN) [strategyFrom, strategyTo] = [from, to]
    else [dataFrom, dataTo] = [from, to]
  }
  const needed = MARKER_SEEN | DATA_SEEN
  if (cursor.isBroken || (seen & needed) !== needed) return false
  const { json } = cursor
  const strategy = (seen & STRATEGY_SEEN) === 0 ? AES : json.subarray(strategyFrom, strategyTo)
  return isEncryptedText(json, dataFrom, dataTo, strategy, strategies)
}

function memberOf(cursor: JsonCursor): number {
  if (cursor.isNamed(DATA)) return DATA_SEEN
  if (cursor.isNamed(MARKER)) return MARKER_SEEN
  return cursor.isNamed(STRATEGY) ? STRATEGY_SEEN : 0
}

function isEncryptedText(
  json: Buffer,
  from: number,
  to: number,
  strategy: Buffer,
  strategies: readonly Buffer[],
): boolean {
  if (strategy.equals(SODIUM)) return isSodiumText(json, from, to)
  if (strategy.equals(AES)) return isSaltedText(json, from, to)
  const isKnown = strategies.some((each) => each.equals(strategy))
  return isKnown && to > from && has(json, from, to, OUTSIDE_TOKEN)
}

function isSodiumText(json: Buffer, from: number, to: number): boolean {
  return to - from >= SODIUM_LENGTH && isBase64(json, from, to)
}

function isSaltedText(json: Buffer, from: number, to: number): boolean {
  if (to - from < SALTED_LENGTH || !isBase64(json, from, to)) return false
  return json.compare(SALTED, 0, SALTED.length, from, from + SALTED.length) === 0
}

function isBase64(json: Buffer, from: number, to: number): boolean {
  if ((to - from) % 4 !== 0) return false
  let end = to
  if (json[end - 1] === EQUALS) end -= 1
  if (json[end - 1] === EQUALS) end -= 1
  return has(json, from, end, OUTSIDE_BASE64)
}

/** Whether no byte is outside. A branch for each byte would take twice as long. */
function has(json: Buffer, from: number, to: number, isOutside: Uint8Array): boolean {
  let found = 0
  for (let at = from; at < to; at += 1) found |= isOutside[json[at] ?? 0] ?? 1
  return found === 0
}

/**
 * Whether an app might take a path for a protected one: that of an Inngest route, or of a passthrough
 * route for certain clients only. A route matches the bytes of a path, but a framework behind another
 * route may normalize it first, and so run the protected handler for a spelling that nothing verified (the
 * class of Envoy CVE-2021-32779, Traefik CVE-2025-32431 and CVE-2025-66490).
 *
 * Frameworks differ in what they normalize and in what order, so that no one reading is the laxest. What
 * they have in common is that they only ever leave pieces of a path out. So a path with anything to
 * interpret is not forwarded if the segments of the protected one are among its pieces, in their order.
 *
 * Some frameworks compare only the start of the path as text. A path that begins like a protected one is
 * protected too, unless the operator lists it.
 *
 * No single text is what all of them compare: some normalize Unicode and some do not, and a combining mark
 * behind a letter makes another letter for the first kind only. So each path is judged as it is decoded and
 * again without everything that a normalization, a case folding or a comparison of base letters may drop.
 */
import { memoized } from '../memoized.ts'

/** Layers of percent-encoding that are looked through; deeper ones have no honest use. */
const MAX_DECODINGS = 5

/** Segments that every framework reads alike, but for case: nothing encoded, empty or of dots. */
const PLAIN = /^(?:\/\w[\w~,:@!$&'()*+=-]*(?:\.[\w~,:@!$&'()*+=-]+)*)+\/?$/

/** Where one reading or another ends a segment, or the path. */
const SEPARATORS = /[/\\;?#]/

/** Control characters, spaces and what is not UTF-8: some servers end at them, some skip them. */
const SKIPPED = /[\p{Cc}\p{Z}\ufffd]/gu

/**
 * Normalizing many marks in a row takes time quadratic in their number (UAX 15); no honest path has as
 * many. The two halfwidth sound marks are letters that normalization turns into marks.
 */
const MARKS = /[\p{M}\uff9e\uff9f]{32}/u

/** Combining marks, and characters that show nothing: joiners, variation selectors, fillers, tags. */
const DROPPED = /[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/** @param isListed the operator has a route for the paths that begin with this one as text. */
export function mayMeanPath(path: string, protectedPath: string, isListed: boolean): boolean {
  const target = segmentsOf(protectedPath)
  if (PLAIN.test(path)) {
    return !isListed && isAtOrBelow(path.toLowerCase().split('/').filter(Boolean), target)
  }
  const texts = textsOf(path)
  return texts === undefined || texts.some((text) => mayMean(text, path, target, isListed))
}

function mayMean(
  text: string,
  path: string,
  target: readonly string[],
  isListed: boolean,
): boolean {
  const readings = readingsOf(text)
  if (!isOrdinary(text, path)) return readings.some((each) => mayComeTo(each, target, isListed))
  const isAt =
    !isListed && isAtOrBelow(text.replace(SKIPPED, '').split('/').filter(Boolean), target)
  return isAt || readings.some((each) => mayComeTo(each, target, true))
}

/** Whether an app that resolves dot segments might leave the segments that a path begins with. */
export function mayClimb(path: string): boolean {
  if (PLAIN.test(path)) return false
  const texts = textsOf(path)
  return texts === undefined || texts.flatMap(readingsOf).some((each) => hasUp(piecesOf(each)))
}

function hasUp(pieces: readonly string[]): boolean {
  return pieces.some((piece) => UP.test(piece))
}

/**
 * Whether an app that resolves the target as a reference might read a host name from the path
 * (`//name/x`, RFC 3986 4.2): it begins with two slashes in a reading, or may begin so when the app has
 * resolved dot segments. @param name lower case.
 */
export function mayNameHost(path: string, name: string): boolean {
  if (PLAIN.test(path)) return false
  const texts = textsOf(path)
  return texts === undefined || texts.flatMap(readingsOf).some((reading) => hasHost(reading, name))
}

function hasHost(reading: string, name: string): boolean {
  const pieces = piecesOf(reading)
  const mayBegin = /^\/[/\\;?#.]/.test(reading) || hasUp(pieces)
  return mayBegin && pieces.some((piece) => isHost(piece, name))
}

/** With user information in front, a port or final dots behind. */
function isHost(piece: string, name: string): boolean {
  const from = piece.lastIndexOf('@') + 1
  return piece.startsWith(name, from) && /^\.*(?::\d*)?$/.test(piece.slice(from + name.length))
}

/** Some drop the dots that a segment ends in. */
const UP = /^\.\.+$/

/** Whether a path begins with a protected one as text, and is not at or below it. */
export function isBesidePath(path: string, protectedPath: string): boolean {
  const [one, other] = [path.toLowerCase(), withoutFinalSlash(protectedPath).toLowerCase()]
  return one.length > other.length && one.startsWith(other) && one[other.length] !== '/'
}

/** Whether a route's path is another one, or below that. */
export function isWithinPath(path: string, other: string): boolean {
  const base = withoutFinalSlash(other)
  return withoutFinalSlash(path) === base || path.startsWith(`${base}/`)
}

function withoutFinalSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** Of a route's path, which is ASCII with nothing to decode. */
const segmentsOf = memoized((path: string): readonly string[] =>
  path.toLowerCase().split('/').filter(Boolean),
)

/** Below it, or it with a suffix that a framework takes for a format. The root is above everything. */
function isAtOrBelow(segments: readonly string[], target: readonly string[]): boolean {
  if (target.length === 0) return segments.length === 0
  return target.every((segment, i) =>
    isSegment(segments[i] ?? '', segment, i === target.length - 1, false),
  )
}

/**
 * What frameworks may compare: the path decoded, in lower case, and the same reduced to base letters.
 * @returns undefined if it is encoded too often, or too costly to normalize.
 */
const textsOf = memoized((path: string): readonly string[] | undefined => {
  const texts = new Set<string>()
  for (const fromUtf8 of [strictText, laxText]) {
    const decoded = decodeFully(path, fromUtf8)
    if (decoded === undefined || MARKS.test(decoded)) return undefined
    texts.add(decoded.toLowerCase()).add(baseLettersOf(decoded))
  }
  return [...texts]
})

/**
 * Of every normalization form and case folding of a text, this is the same: each character decomposed on
 * its own, in the case folding that `\u00df` and `\u1e9e` share, without what may be dropped. What begins
 * a text therefore begins this form of it, whatever follows.
 */
function baseLettersOf(text: string): string {
  const letters = text.normalize('NFKD').replace(DROPPED, '')
  return letters.toLowerCase().toUpperCase().toLowerCase()
}

/**
 * A path with nothing but letters and spaces encoded keeps all its segments in every reading, so that
 * a later segment is never the start of the path. @param text as of `textsOf`.
 */
function isOrdinary(text: string, path: string): boolean {
  return ORDINARY.test(text) && text.split('/').length === path.split('/').length
}

const ORDINARY = /^(?:\/(?![.\p{Z}])[^/\\;?#%\p{Cc}\p{Zl}\p{Zp}\ufffd]+)+\/?$/u

function readingsOf(text: string): readonly string[] {
  return [text.replace(SKIPPED, ''), text.replace(SKIPPED, '/')]
}

function piecesOf(reading: string): string[] {
  return reading.split(SEPARATORS).filter(Boolean)
}

function mayComeTo(reading: string, target: readonly string[], isListed: boolean): boolean {
  const pieces = piecesOf(reading)
  // To the root: by going up, or by ending where it has hardly begun.
  if (target.length === 0) return hasUp(pieces) || !/^\/[\w~\x80-\uffff]/.test(reading)
  let found = 0
  for (const piece of pieces) {
    const wanted = target[found]
    if (wanted === undefined) return true
    if (isSegment(piece, wanted, found === target.length - 1, isListed)) found += 1
  }
  return found === target.length
}

/** Some drop the dots that a segment ends in. Nothing here takes longer than the piece is long. */
function isSegment(piece: string, wanted: string, isLast: boolean, isWhole: boolean): boolean {
  if (!piece.startsWith(wanted)) return false
  if (isLast && !isWhole) return true
  const rest = piece.slice(wanted.length)
  return rest === '' || (isLast ? rest.startsWith('.') : /^\.+$/.test(rest))
}

function decodeFully(path: string, fromUtf8: (bytes: string) => string): string | undefined {
  let text = path
  for (let i = 0; i < MAX_DECODINGS; i += 1) {
    const decoded = decodeOnce(text, fromUtf8)
    if (decoded === text) return text
    text = decoded
  }
  return undefined
}

/**
 * Percent-decoding that never fails, with `%u` and four digits read as the character (ECMA-262 B.2.1.2
 * `unescape`, IIS). @param fromUtf8 reads bytes, each of which is one character.
 */
function decodeOnce(text: string, fromUtf8: (bytes: string) => string): string {
  if (!text.includes('%')) return text
  const unescaped = text.replace(/%u([0-9a-f]{4})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const bytes = Buffer.from(unescaped, 'utf8')
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return fromUtf8(bytes)
}

function strictText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** A first byte of UTF-8 with as many others as it announces: two to six (RFC 2279). */
const SEQUENCE =
  /[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}|[\xf8-\xfb][\x80-\xbf]{4}|[\xfc\xfd][\x80-\xbf]{5}|[\x80-\xff]/g

/**
 * As decoders read that take more bytes than needed for a character, or a surrogate in bytes of its own
 * (both forbidden by RFC 3629 3).
 */
function laxText(bytes: string): string {
  return bytes.replace(SEQUENCE, characterOf).toWellFormed()
}

function characterOf(sequence: string): string {
  let code = sequence.charCodeAt(0) & (0x7f >> sequence.length)
  for (let i = 1; i < sequence.length; i += 1) code = (code << 6) | (sequence.charCodeAt(i) & 0x3f)
  return sequence.length === 1 || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
}

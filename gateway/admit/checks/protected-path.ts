/**
 * Whether an app might take a path for a protected one: that of an Inngest route, or of a passthrough route
 * with an allowlist. A route matches the bytes of a path, but a framework behind another route may normalize
 * the path first, and so run the protected handler for a spelling that was never verified (the class of Envoy
 * CVE-2021-32779, Traefik CVE-2025-32431 and CVE-2025-66490).
 *
 * Frameworks differ in what they normalize and in which order, so no single reading is the most permissive one.
 * But they all only remove pieces of a path. So a path that needs interpretation is not forwarded if its pieces
 * include the segments of the protected path, in their order.
 *
 * Some frameworks compare only the start of the path as text. So a path that begins like a protected one is
 * protected too, unless the operator lists it.
 *
 * Frameworks do not all compare the same text: some normalize Unicode and some do not, and a combining mark
 * after a letter makes another letter only for the first kind. So each path is checked twice: as decoded, and
 * without all characters that a normalization, a case folding or a comparison of base letters may drop.
 */
import { memoized } from '../memoized.ts'

/** Layers of percent-encoding that are decoded. Deeper encoding has no legitimate use. */
const MAX_DECODINGS = 5

/** Segments that every framework reads alike, except for case: not encoded, not empty, no dot segments. */
const PLAIN = /^(?:\/\w[\w~,:@!$&'()*+=-]*(?:\.[\w~,:@!$&'()*+=-]+)*)+\/?$/

/** Characters at which some reading ends a segment or the path. */
const SEPARATORS = /[/\\;?#]/

/** Control characters, spaces and invalid UTF-8: some servers end the path at them, some skip them. */
const SKIPPED = /[\p{Cc}\p{Z}\ufffd]/gu

/**
 * Normalization of many marks in a row takes quadratic time (UAX 15), and no legitimate path has that many. The
 * two halfwidth sound marks are letters that normalization turns into marks.
 */
const MARKS = /[\p{M}\uff9e\uff9f]{32}/u

/** Combining marks and invisible characters: joiners, variation selectors, fillers, tags. */
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

/** Whether an app that resolves dot segments might leave the first segments of the path. */
export function mayClimb(path: string): boolean {
  if (PLAIN.test(path)) return false
  const texts = textsOf(path)
  return texts === undefined || texts.flatMap(readingsOf).some((each) => hasUp(piecesOf(each)))
}

function hasUp(pieces: readonly string[]): boolean {
  return pieces.some((piece) => UP.test(piece))
}

/**
 * Whether an app that resolves the target as a reference might read a host name from the path (`//name/x`,
 * RFC 3986 4.2): the path begins with two slashes in some reading, or may do so after the app has resolved dot
 * segments.
 * @param name lower case.
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

/** User information before the host and a port or final dots after it are allowed. */
function isHost(piece: string, name: string): boolean {
  const from = piece.lastIndexOf('@') + 1
  return piece.startsWith(name, from) && /^\.*(?::\d*)?$/.test(piece.slice(from + name.length))
}

/** Some frameworks drop the final dots of a segment. */
const UP = /^\.\.+$/

/** Whether a path begins with a protected one as text, but is neither equal to it nor below it. */
export function isBesidePath(path: string, protectedPath: string): boolean {
  const [one, other] = [path.toLowerCase(), withoutFinalSlash(protectedPath).toLowerCase()]
  return one.length > other.length && one.startsWith(other) && one[other.length] !== '/'
}

/** Whether the path of a route equals another one or is below it. */
export function isWithinPath(path: string, other: string): boolean {
  const base = withoutFinalSlash(other)
  return withoutFinalSlash(path) === base || path.startsWith(`${base}/`)
}

function withoutFinalSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** The path of a route is ASCII and has nothing to decode. */
const segmentsOf = memoized((path: string): readonly string[] =>
  path.toLowerCase().split('/').filter(Boolean),
)

/**
 * Whether the path is below the target, or equals it with a suffix that a framework may take for a format.
 * Every path is below the root.
 */
function isAtOrBelow(segments: readonly string[], target: readonly string[]): boolean {
  if (target.length === 0) return segments.length === 0
  return target.every((segment, i) =>
    isSegment(segments[i] ?? '', segment, i === target.length - 1, false),
  )
}

/**
 * The texts that frameworks may compare: the path decoded, in lower case, and the same reduced to base letters.
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
 * The same result for every normalization form and case folding of a text: each character is decomposed on its
 * own, in the case folding that `\u00df` and `\u1e9e` share, and the characters that may be dropped are
 * removed. So if one text begins another, this form of it begins the other's form.
 */
function baseLettersOf(text: string): string {
  const letters = text.normalize('NFKD').replace(DROPPED, '')
  return letters.toLowerCase().toUpperCase().toLowerCase()
}

/**
 * A path in which only letters and spaces are encoded keeps all its segments in every reading, so that a later
 * segment is never the start of the path.
 * @param text one of `textsOf`.
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
  // A path may lead to the root by going up, or if it ends almost at its start.
  if (target.length === 0) return hasUp(pieces) || !/^\/[\w~\x80-\uffff]/.test(reading)
  let found = 0
  for (const piece of pieces) {
    const wanted = target[found]
    if (wanted === undefined) return true
    if (isSegment(piece, wanted, found === target.length - 1, isListed)) found += 1
  }
  return found === target.length
}

/** Some frameworks drop the final dots of a segment. The time is linear in the length of the piece. */
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
 * Percent-decoding that never fails. It reads `%u` with four digits as a character (ECMA-262 B.2.1.2
 * `unescape`, IIS).
 * @param fromUtf8 decodes bytes, given as one character each.
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

/** A first byte of UTF-8 with as many continuation bytes as it announces: two to six in total (RFC 2279). */
const SEQUENCE =
  /[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}|[\xf8-\xfb][\x80-\xbf]{4}|[\xfc\xfd][\x80-\xbf]{5}|[\x80-\xff]/g

/** Decodes like lenient decoders, which accept overlong forms and encoded surrogates (RFC 3629 3 forbids both). */
function laxText(bytes: string): string {
  return bytes.replace(SEQUENCE, characterOf).toWellFormed()
}

function characterOf(sequence: string): string {
  let code = sequence.charCodeAt(0) & (0x7f >> sequence.length)
  for (let i = 1; i < sequence.length; i += 1) code = (code << 6) | (sequence.charCodeAt(i) & 0x3f)
  return sequence.length === 1 || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
}

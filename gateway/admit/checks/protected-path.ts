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
 */
import { memoized } from '../memoized.ts'

/** Layers of percent-encoding that are looked through; deeper ones have no honest use. */
const MAX_DECODINGS = 5

/** Segments that every framework reads alike, but for case: nothing encoded, empty or of dots. */
const PLAIN = /^(?:\/\w[\w~,:@!$&'()*+=-]*(?:\.[\w~,:@!$&'()*+=-]+)*)+\/?$/

/** Where one reading or another ends a segment, or the path. */
const SEPARATORS = /[/\\;?#]/

/** Some servers end at them, some skip them. */
const SKIPPED = /[\x00-\x20\x7f\ufffd]/g

/** To normalise many of them in a row takes the square of their number (UAX 15); no path has as many. */
const MARKS = /\p{M}{32}/u

/** @param isListed the operator has a route for the paths that begin with this one as text. */
export function mayMeanPath(path: string, protectedPath: string, isListed: boolean): boolean {
  const target = segmentsOf(protectedPath)
  if (PLAIN.test(path)) {
    return !isListed && isAtOrBelow(fold(path).split('/').filter(Boolean), target)
  }
  const text = decodedAndFolded(path)
  if (text === undefined) return true
  if (isOrdinary(text, path)) {
    const isAt = !isListed && isAtOrBelow(text.split('/').filter(Boolean), target)
    return isAt || readingsOf(text).some((reading) => mayComeTo(reading, target, true))
  }
  return readingsOf(text).some((reading) => mayComeTo(reading, target, isListed))
}

/** Whether an app that resolves dot segments might leave the segments that a path begins with. */
export function mayClimb(path: string): boolean {
  if (PLAIN.test(path)) return false
  const text = decodedAndFolded(path)
  if (text === undefined) return true
  return readingsOf(text).some((reading) => piecesOf(reading).some((piece) => UP.test(piece)))
}

/** Some drop the dots that a segment ends in. */
const UP = /^\.\.+$/

/** Whether a path begins with a protected one as text, and is not at or below it. */
export function isBesidePath(path: string, protectedPath: string): boolean {
  const [one, other] = [fold(path), fold(withoutFinalSlash(protectedPath))]
  return one.length > other.length && one.startsWith(other) && one[other.length] !== '/'
}

/** Whether a route's path is another one, or below that. */
export function isWithinPath(path: string, other: string): boolean {
  const base = withoutFinalSlash(other)
  return withoutFinalSlash(path) === base || path.startsWith(`${base}/`)
}

export function isSamePath(path: string, other: string): boolean {
  return withoutFinalSlash(path) === withoutFinalSlash(other)
}

function withoutFinalSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

const segmentsOf = memoized((path: string): readonly string[] =>
  fold(path).split('/').filter(Boolean),
)

/** As whoever folds case either way, or compatible characters, compares. */
function fold(text: string): string {
  const folded = text.normalize('NFKC').toUpperCase().toLowerCase()
  // U+0130 becomes an i and a dot above, which some drop (Unicode 5.18, case folding of Turkish).
  return folded.replaceAll('i\u0307', 'i')
}

/** Below it, or it with a suffix that a framework takes for a format. The root is above everything. */
function isAtOrBelow(segments: readonly string[], target: readonly string[]): boolean {
  if (target.length === 0) return segments.length === 0
  return target.every((segment, i) =>
    isSegment(segments[i] ?? '', segment, i === target.length - 1, false),
  )
}

/** @returns undefined if it is encoded too often, or too costly to fold. */
function decodedAndFolded(path: string): string | undefined {
  const decoded = decodeFully(path)
  return decoded === undefined || MARKS.test(decoded) ? undefined : fold(decoded)
}

/**
 * A path with nothing but letters and spaces encoded keeps all its segments in every reading, so that
 * a later segment is never the start of the path. @param text decoded and folded.
 */
function isOrdinary(text: string, path: string): boolean {
  return ORDINARY.test(text) && text.split('/').length === path.split('/').length
}

const ORDINARY = /^(?:\/(?![. ])[^/\\;?#%\x00-\x1f\x7f\ufffd]+)+\/?$/

function readingsOf(text: string): readonly string[] {
  return [text.replace(SKIPPED, ''), text.replace(SKIPPED, '/')]
}

function piecesOf(reading: string): string[] {
  return reading.split(SEPARATORS).filter(Boolean)
}

function mayComeTo(reading: string, target: readonly string[], isListed: boolean): boolean {
  const pieces = piecesOf(reading)
  // To the root: by going up, or by ending where it has hardly begun.
  if (target.length === 0) return pieces.includes('../..') || !/^\/[\w~\x80-\uffff]/.test(reading)
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

function decodeFully(path: string): string | undefined {
  let text = path
  for (let i = 0; i < MAX_DECODINGS; i += 1) {
    const decoded = decodeOnce(text)
    if (decoded === text) return text
    text = decoded
  }
  return undefined
}

/**
 * Percent-decoding that never fails, with overlong UTF-8 of two bytes read as the ASCII it means, and
 * with `%u` and four digits read as the character (ECMA-262 B.2.1.2 `unescape`, IIS).
 */
function decodeOnce(text: string): string {
  if (!text.includes('%')) return text
  const unescaped = text.replace(/%u([0-9a-f]{4})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const bytes = Buffer.from(unescaped, 'utf8')
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/[\xc0\xc1][\x80-\xbf]/g, (pair) =>
      String.fromCharCode(((pair.charCodeAt(0) & 1) << 6) | (pair.charCodeAt(1) & 0x3f)),
    )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/**
 * Whether an app might take a path for a protected one. An Inngest route matches its exact bytes,
 * but a framework behind a passthrough route may normalize a path first, and so run the Inngest handler
 * for a spelling that nothing verified (the class of Envoy CVE-2021-32779, Traefik CVE-2025-32431 and
 * CVE-2025-66490).
 *
 * Frameworks differ in what they normalize and in what order, so that no one reading is the laxest. What
 * they have in common is that they only ever leave pieces of a path out. So a path with anything to
 * interpret is not forwarded if the segments of the protected one are among its pieces, in their order.
 */

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

/** @param path raw, without a query. @param protectedPaths exact paths of Inngest routes. */
export function mayMeanOneOf(path: string, protectedPaths: readonly string[]): boolean {
  const targets = protectedPaths.map((each) => fold(each).split('/').filter(Boolean))
  if (PLAIN.test(path)) {
    const segments = fold(path).split('/').filter(Boolean)
    return targets.some((target) => isAtOrBelow(segments, target))
  }
  const decoded = decodeFully(path)
  if (decoded === undefined || MARKS.test(decoded)) return true
  const text = fold(decoded)
  const readings = [text.replace(SKIPPED, ''), text.replace(SKIPPED, '/')]
  return targets.some((target) => readings.some((reading) => mayComeTo(reading, target)))
}

/** As whoever folds case either way, or compatible characters, compares. */
function fold(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase()
}

/** Below it, or it with a suffix that a framework takes for a format. The root is above everything. */
function isAtOrBelow(segments: readonly string[], target: readonly string[]): boolean {
  if (target.length === 0) return segments.length === 0
  return target.every((segment, i) =>
    isSegment(segments[i] ?? '', segment, i === target.length - 1),
  )
}

function mayComeTo(reading: string, target: readonly string[]): boolean {
  const pieces = reading.split(SEPARATORS).filter(Boolean)
  // To the root: by going up, or by ending where it has hardly begun.
  if (target.length === 0) return pieces.includes('..') || !/^\/[\w~\x80-\uffff]/.test(reading)
  let found = 0
  for (const piece of pieces) {
    const wanted = target[found]
    if (wanted === undefined) return true
    if (isSegment(piece, wanted, found === target.length - 1)) found += 1
  }
  return found === target.length
}

/** Some drop the dots that a segment ends in. Nothing here takes longer than the piece is long. */
function isSegment(piece: string, wanted: string, isLast: boolean): boolean {
  if (!piece.startsWith(wanted)) return false
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

/** Percent-decoding that never fails, with overlong UTF-8 of two bytes read as the ASCII it means. */
function decodeOnce(text: string): string {
  if (!text.includes('%')) return text
  const bytes = Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/[\xc0\xc1][\x80-\xbf]/g, (pair) =>
      String.fromCharCode(((pair.charCodeAt(0) & 1) << 6) | (pair.charCodeAt(1) & 0x3f)),
    )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/**
 * Whether an app might take a path for a protected one. An Inngest route matches its exact bytes,
 * but a framework behind a passthrough route may decode, fold case, merge slashes, or drop a
 * parameter or suffix first, and so run the Inngest handler for a spelling that nothing verified
 * (the class of Envoy CVE-2021-32779, Traefik CVE-2025-32431, -66490). Every such reading is tried
 * at once; a path that any of them leads to the protected one is not handed over.
 */

/** Layers of percent-encoding that are looked through; deeper ones have no honest use. */
const MAX_DECODINGS = 5

/** @param path raw, without a query. @param protectedPath exact path of an Inngest route. */
export function mayMeanPath(path: string, protectedPath: string): boolean {
  const reading = readLoosely(path)
  if (reading === undefined) return true
  const target = readLoosely(protectedPath)
  if (target === undefined || reading === target) return true
  // Below it, or it with a suffix that a framework takes for a format. The root is above everything.
  return target !== '' && ['/', '.'].some((next) => reading.startsWith(target + next))
}

/** @returns the path as the laxest app reads it; undefined if it is encoded too deeply to tell. */
function readLoosely(path: string): string | undefined {
  const decoded = decodeFully(path)
  if (decoded === undefined) return undefined
  const plain = decoded
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[?#].*$/s, '')
    .replaceAll('\\', '/')
    // Some servers end at them, some skip them.
    .replace(/[\x00-\x20\x7f]/g, '')
  const segments: string[] = []
  for (const raw of plain.split('/')) {
    const segment = raw.replace(/;.*$/s, '')
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return segments.map((segment) => `/${segment}`).join('')
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

/** Percent-decoding that never fails, with the overlong UTF-8 of `.`, `/` and `\` read as such. */
function decodeOnce(text: string): string {
  if (!text.includes('%')) return text
  const bytes = Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll('\xc0\xaf', '/')
    .replaceAll('\xc0\xae', '.')
    .replaceAll('\xc1\x9c', '\\')
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

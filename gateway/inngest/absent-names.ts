/**
 * A quick proof that a part of a JSON body has no member `ctx` or `version`, at any depth, in any spelling that
 * `KnownNames` covers. It searches for the few bytes that every such name must contain; the runtime does this
 * about a hundred times faster than a loop in JavaScript. Where they occur, it looks closer. In doubt there is
 * no proof, and member-names.ts decides.
 */
import { bufferOf, type Body } from './body.ts'

/** Bytes, or the same bytes as latin1 text. */
type Part = Buffer | string

interface Traces {
  /** The first character of each. */
  readonly first: string
  readonly texts: readonly string[]
  /** Whether the text at this offset may belong to such a name. True also for an offset beyond the text. */
  readonly isDoubtful: (json: Part, at: number) => boolean
}

/**
 * Letters of a name can only be hidden by `\u`. No characters outside ASCII are folded to the letters at the
 * end of `ctx` and the start of `version`.
 */
const TRACES: readonly Traces[] = [
  { first: '\\', texts: ['\\u'], isDoubtful: isLetterEscape },
  { first: 'x', texts: ['x"'], isDoubtful: isEndOfContext },
  { first: 'X', texts: ['X"'], isDoubtful: isEndOfContext },
  { first: 'v', texts: ['ver', 'veR', 'vEr', 'vER'], isDoubtful: isStartOfVersion },
  { first: 'V', texts: ['Ver', 'VeR', 'VEr', 'VER'], isDoubtful: isStartOfVersion },
]

/** The number of bytes of the texts above that may be cut off at the end of a part of the body. */
const SHARED = 2

/** A search in text starts faster, but for more bytes than this, making the text takes longer. */
const LONGEST_TEXT = 8192

/** A closer look takes as long as the search through so many bytes, or as reading a tenth of them one by one. */
const BYTES_A_LOOK = 256

/**
 * @param from @param to offsets, each between two tokens of JSON.
 * @returns false if there is no proof.
 */
export function lacksContextAndVersion(body: Body, from: number, to: number): boolean {
  let offset = 0
  let before = ''
  for (const piece of body.pieces) {
    const start = Math.max(0, from - offset)
    const bytes = bufferOf(piece).subarray(start, Math.max(start, to - offset))
    const part = bytes.length > LONGEST_TEXT ? bytes : textOf(bytes, 0, bytes.length)
    const isCut = before !== '' && hasDoubtful(before + textOf(part, 0, SHARED))
    if (isCut || hasDoubtful(part)) return false
    before = (before + textOf(part, Math.max(0, part.length - SHARED), part.length)).slice(-SHARED)
    offset += piece.byteLength
  }
  return true
}

function textOf(json: Part, from: number, to: number): string {
  return typeof json === 'string' ? json.slice(from, to) : json.toString('latin1', from, to)
}

function hasDoubtful(json: Part): boolean {
  const most = json.length / BYTES_A_LOOK
  let looks = 0
  for (const { first, texts, isDoubtful } of TRACES) {
    const start = json.indexOf(first)
    if (start === -1) continue
    for (const text of texts) {
      for (let at = json.indexOf(text, start); at !== -1; at = json.indexOf(text, at + 1)) {
        looks += 1
        if (looks > most || isDoubtful(json, at)) return true
      }
    }
  }
  return false
}

/** Excludes `\u0000` to `\u001f`, which are no letters, and the only such escapes in canonical JSON. */
function isLetterEscape(json: Part, at: number): boolean {
  return !/^00[01]/.test(textOf(json, at + 2, at + 5))
}

/** @param at offset of the `x`. */
function isEndOfContext(json: Part, at: number): boolean {
  if (at < 3) return true
  const start = textOf(json, at - 3, at)
  // A parser may ignore a backslash before a character that JSON does not escape.
  return start.toLowerCase() === '"ct' || start.includes('\\')
}

/** As latin1 text, also with U+017F for `s` and U+0131 for `i`. */
const REST_OF_VERSION = /^(?:s|\xc5\xbf)(?:i|\xc4\xb1)on"/i
const LONGEST_REST = 7

/** @param at offset of the `v`. */
function isStartOfVersion(json: Part, at: number): boolean {
  const before = at === 0 ? '"' : textOf(json, at - 1, at)
  if (before !== '"' && before !== '\\') return false
  const end = at + 3 + LONGEST_REST
  return end > json.length || REST_OF_VERSION.test(textOf(json, at + 3, end))
}

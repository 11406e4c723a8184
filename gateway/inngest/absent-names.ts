/**
 * A quick proof that a part of a JSON body has no member `ctx` or `version`, in any spelling that `KnownNames`
 * knows, at any depth. It searches for the few bytes that such a name cannot do without, which the runtime does
 * about a hundred times faster than a loop here could. Where they are found, it looks closer, and in doubt it
 * proves nothing: member-names.ts then decides.
 */
import { bufferOf, type Body } from './body.ts'

interface Traces {
  /** What each of them begins with. */
  readonly first: string
  readonly texts: readonly string[]
  /** Whether what is at this offset may belong to such a name. Also if that is beyond the text. */
  readonly isDoubtful: (json: string, at: number) => boolean
}

/**
 * Letters of a name can only be hidden by `\u`. The end of `ctx` and the start of `version` are of letters
 * that no character but those of ASCII is folded to.
 */
const TRACES: readonly Traces[] = [
  { first: '\\', texts: ['\\u'], isDoubtful: isLetterEscape },
  { first: 'x', texts: ['x"'], isDoubtful: isEndOfContext },
  { first: 'X', texts: ['X"'], isDoubtful: isEndOfContext },
  { first: 'v', texts: ['ver', 'veR', 'vEr', 'vER'], isDoubtful: isStartOfVersion },
  { first: 'V', texts: ['Ver', 'VeR', 'VEr', 'VER'], isDoubtful: isStartOfVersion },
]

/** Of the texts above, as much as may end one part of a body without being there. */
const SHARED = 2

/** A body may have come in one piece of megabytes, which would be as much of a string. */
const PART_BYTES = 65_536

/** A closer look takes as long as the search through so many bytes, or as a tenth of them one by one. */
const BYTES_A_LOOK = 256

/** @param from @param to offsets, each between two tokens of JSON. @returns false if that is not sure. */
export function lacksContextAndVersion(body: Body, from: number, to: number): boolean {
  let offset = 0
  let before = ''
  for (const piece of body.pieces) {
    const end = Math.min(piece.byteLength, to - offset)
    for (let at = Math.max(0, from - offset); at < end; at += PART_BYTES) {
      const part = bufferOf(piece).toString('latin1', at, Math.min(end, at + PART_BYTES))
      const isCut = before !== '' && hasDoubtful(before + part.slice(0, SHARED))
      if (isCut || hasDoubtful(part)) return false
      before = (before + part.slice(-SHARED)).slice(-SHARED)
    }
    offset += piece.byteLength
  }
  return true
}

function hasDoubtful(json: string): boolean {
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

/** All but `\u0000` to `\u001f`, which are no letters, and the only ones that canonical JSON has. */
function isLetterEscape(json: string, at: number): boolean {
  return !/^00[01]/.test(json.slice(at + 2, at + 5))
}

/** @param at offset of the `x`. */
function isEndOfContext(json: string, at: number): boolean {
  if (at < 3) return true
  const start = json.slice(at - 3, at)
  // A backslash: some parser may skip it where JSON has no such escape.
  return start.toLowerCase() === '"ct' || start.includes('\\')
}

/** As latin1 text, with U+017F for `s` and U+0131 for `i` too. */
const REST_OF_VERSION = /^(?:s|\xc5\xbf)(?:i|\xc4\xb1)on"/i
const LONGEST_REST = 7

/** @param at offset of the `v`. */
function isStartOfVersion(json: string, at: number): boolean {
  const before = json[at - 1] ?? '"'
  if (before !== '"' && before !== '\\') return false
  const end = at + 3 + LONGEST_REST
  return end > json.length || REST_OF_VERSION.test(json.slice(at + 3, end))
}

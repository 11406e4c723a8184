/**
 * A quick proof that a part of a JSON body has no member `ctx` or `version`, in any spelling that `KnownNames`
 * knows, at any depth. It searches for the few bytes that such a name cannot do without, which the runtime does
 * about a hundred times faster than a loop here could. Where they are found, it looks closer, and in doubt it
 * proves nothing: member-names.ts then decides.
 */
import { bufferOf, type Body } from './body.ts'

const BACKSLASH = 0x5c
const QUOTE = 0x22

/** Longest text that is searched for: what two pieces may share of one is shorter. */
const LONGEST = 3

interface Trace {
  readonly bytes: Buffer
  /** Whether what is at this offset may belong to such a name. Also if that is beyond the bytes. */
  readonly isDoubtful: (json: Buffer, at: number) => boolean
}

/**
 * Letters of a name can only be hidden by `\u`. The end of `ctx` and the start of `version` are of letters
 * that no character but those of ASCII is folded to.
 */
const TRACES: readonly Trace[] = [
  { bytes: Buffer.from(String.raw`\u`), isDoubtful: isLetterEscape },
  ...spellings('x').map((x) => ({ bytes: Buffer.from(`${x}"`), isDoubtful: isEndOfContext })),
  ...spellings('ver').map((ver) => ({ bytes: Buffer.from(ver), isDoubtful: isStartOfVersion })),
]

/** A look at one place takes as long as the search through so many bytes, or as a tenth of them byte by byte. */
const BYTES_A_LOOK = 256

/** @param from @param to offsets, each between two tokens of JSON. @returns false if that is not sure. */
export function lacksContextAndVersion(body: Body, from: number, to: number): boolean {
  let offset = 0
  let before: Buffer = Buffer.of()
  for (const piece of body.pieces) {
    const start = Math.max(0, from - offset)
    const part = bufferOf(piece).subarray(start, Math.max(start, to - offset))
    offset += piece.byteLength
    if (part.length === 0) continue
    const joint = Buffer.concat([before, part.subarray(0, LONGEST - 1)])
    if (hasDoubtful(joint) || hasDoubtful(part)) return false
    before = Buffer.concat([before, part.subarray(-LONGEST + 1)]).subarray(-LONGEST + 1)
  }
  return true
}

function hasDoubtful(json: Buffer): boolean {
  const most = json.length / BYTES_A_LOOK
  let looks = 0
  for (const { bytes, isDoubtful } of TRACES) {
    for (let at = json.indexOf(bytes); at !== -1; at = json.indexOf(bytes, at + 1)) {
      looks += 1
      if (looks > most || isDoubtful(json, at)) return true
    }
  }
  return false
}

/** All but `\u0000` to `\u001f`, which are no letters, and the only ones that canonical JSON has. */
function isLetterEscape(json: Buffer, at: number): boolean {
  return !/^00[01]/.test(json.toString('latin1', at + 2, at + 5))
}

/** @param at offset of the `x`. */
function isEndOfContext(json: Buffer, at: number): boolean {
  if (at < 3) return true
  const text = json.toString('latin1', at - 3, at)
  // A backslash: some parser may skip it where JSON has no such escape.
  return text.toLowerCase() === '"ct' || text.includes('\\')
}

/** As latin1 text, with U+017F for `s` and U+0131 for `i` too. */
const REST_OF_VERSION = /^(?:s|\xc5\xbf)(?:i|\xc4\xb1)on"/i
const LONGEST_REST = 7

/** @param at offset of the `v`. */
function isStartOfVersion(json: Buffer, at: number): boolean {
  const before = json[at - 1] ?? QUOTE
  if (before !== QUOTE && before !== BACKSLASH) return false
  const end = at + 3 + LONGEST_REST
  return end > json.length || REST_OF_VERSION.test(json.toString('latin1', at + 3, end))
}

/** In each combination of letter cases. */
function spellings(letters: string): string[] {
  if (letters === '') return ['']
  const [first = ''] = letters
  const rests = spellings(letters.slice(1))
  return [first, first.toUpperCase()].flatMap((letter) => rests.map((rest) => letter + rest))
}

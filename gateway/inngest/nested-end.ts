/** Finds the end of a nested JSON value, in bytes that may lack it. Only quotes and brackets count. */
import { endOfString } from './string-end.ts'

export const OPEN = 1
export const CLOSE = 2
export const STRING = 3
const FOREIGN = 4

/** The meaning of each byte outside of strings. 0: no structure. */
export const KINDS = new Uint8Array(256).fill(FOREIGN)
for (const byte of Buffer.from(' \t\n\r,:+-.0123456789Eaeflnrstu')) KINDS[byte] = 0
for (const byte of Buffer.from('{[')) KINDS[byte] = OPEN
for (const byte of Buffer.from('}]')) KINDS[byte] = CLOSE
KINDS[0x22] = STRING

export interface Nesting {
  /** The number of open brackets. */
  depth: number
  /** At this depth the nested value has ended. */
  end: number
  /** Whether the bytes ended within a string. */
  isInString: boolean
}

/**
 * Some thousands of bytes per call: V8 optimizes a function that is called often, and only then the end of its
 * loop.
 */
const STEP_BYTES = 4096

/**
 * Skips a value without names that matter: nearly all bytes of a long body.
 * @returns the offset after it or where to continue; -1 if it is no JSON.
 */
export function passNested(json: Buffer, from: number, nesting: Nesting): number {
  const stop = Math.min(json.length, from + STEP_BYTES)
  let { depth } = nesting
  let at = from
  while (at < stop) {
    const kind = KINDS[json[at] ?? 0]
    at += 1
    if (kind === 0) continue
    if (kind === STRING) at = endOfString(json, at) + 1
    else if (kind === OPEN) depth += 1
    else if (kind === FOREIGN) return -1
    else if (--depth === nesting.end) break
  }
  nesting.depth = depth
  nesting.isInString = at > json.length
  return nesting.isInString ? at - 1 : at
}

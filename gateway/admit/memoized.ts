/**
 * Remembers a result for each recurring text, such as the field names of a head or the address of a peer. Each
 * call has the same dozen names, and lower-casing and matching them again took a quarter of the time of all
 * checks.
 */

import { copied } from './copied.ts'

/** Senders choose the texts, so the memory is bounded in the number of texts and in the length of each. */
const MOST_TEXTS = 256
const LONGEST_TEXT = 64

/**
 * @param judge must be a pure function; a result of undefined is not remembered.
 * @param own makes a copy of the text that may be kept.
 */
export function memoized<T extends string | object | undefined>(
  judge: (text: string) => T,
  own: (text: string) => string = copied,
): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    if (text.length > LONGEST_TEXT) return judge(text)
    // The result may be a substring of the text, so it is computed from the copy.
    const kept = own(text)
    const judged = judge(kept)
    if (judged === undefined) return judged
    // A full map is cleared: otherwise a client that sends many texts would keep the usual ones out.
    if (known.size >= MOST_TEXTS) known.clear()
    known.set(kept, judged)
    return judged
  }
}

/**
 * The same for names of headers: wire/header-names.ts returns a string of its own for each, so no copy is
 * needed.
 */
export function memoizedName<T extends string | object | undefined>(
  judge: (name: string) => T,
): (name: string) => T {
  return memoized(judge, (name) => name)
}

/**
 * Remembers what there is to say of a text that comes again and again: the field names of a head, the
 * address of a peer. Each call has the same dozen names, and to look at them anew, in lower case and
 * with patterns, took a quarter of the time of all checks.
 */

import { copied } from './copied.ts'

/** Senders choose the texts, so what is kept of them is bounded, in number and each in length. */
const MOST_TEXTS = 256
const LONGEST_TEXT = 64

/**
 * @param judge must say the same of a text each time; what is undefined is not remembered.
 * @param own makes a text that may be kept.
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
    // What is said of it may be cut from it.
    const kept = own(text)
    const judged = judge(kept)
    if (judged === undefined) return judged
    // Not left as it is when full: whoever sends many texts would keep the usual ones out.
    if (known.size >= MOST_TEXTS) known.clear()
    known.set(kept, judged)
    return judged
  }
}

/** The same for names of headers: wire/header-names.ts gives the same string of its own for each. */
export function memoizedName<T extends string | object | undefined>(
  judge: (name: string) => T,
): (name: string) => T {
  return memoized(judge, (name) => name)
}

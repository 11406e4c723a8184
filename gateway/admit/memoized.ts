/**
 * Remembers what there is to say of a text that comes again and again: the field names of a head, the
 * address of a peer. Each call has the same dozen names, and to look at them anew, in lower case and
 * with patterns, took a quarter of the time of all checks.
 */

import { copied } from './copied.ts'

/** Senders choose the texts, so what is kept of them is bounded, in number and each in length. */
const MOST_TEXTS = 256
const LONGEST_TEXT = 64

/** @param judge must say the same of a text each time; what is undefined is not remembered. */
export function memoized<T extends string | object | undefined>(
  judge: (text: string) => T,
): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    if (text.length > LONGEST_TEXT) return judge(text)
    // What is said of it may be cut from it.
    const own = copied(text)
    const judged = judge(own)
    if (judged === undefined) return judged
    // Not left as it is when full: whoever sends many texts would keep the usual ones out.
    if (known.size >= MOST_TEXTS) known.clear()
    known.set(own, judged)
    return judged
  }
}

/**
 * Remembers what there is to say of a field name. Every call carries the same dozen names, and to look
 * each of them up in lower case and by patterns took a quarter of the time of all checks.
 */

/** Senders choose names, so what is kept of them is bounded, in number and each in length. */
const MOST_NAMES = 256
const LONGEST_NAME = 64

/** @param judge of a name as sent. Must say the same each time. */
export function rememberedByName(judge: (name: string) => string): (name: string) => string {
  const known = new Map<string, string>()
  return (name) => {
    const remembered = known.get(name)
    if (remembered !== undefined) return remembered
    const judged = judge(name)
    // Not merely left as it is when full: whoever sends many names would keep the usual ones out.
    if (known.size >= MOST_NAMES) known.clear()
    if (name.length <= LONGEST_NAME) known.set(name, judged)
    return judged
  }
}

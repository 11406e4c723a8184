/** "Did you mean": finds the known word that is most similar to a misspelled one. */

/** @returns ` (did you mean X?)`, or an empty text if no candidate is similar. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = nearestOf(word, candidates)
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`
}

function nearestOf(word: string, candidates: readonly string[]): string | undefined {
  const plain = plainOf(word)
  const near = candidates
    .map((candidate) => ({ candidate, distance: mistakesIn(plain, candidate) }))
    .filter(({ candidate, distance }) => distance <= mostMistakes(candidate))
    .toSorted((one, other) => one.distance - other.distance)
  return near[0]?.candidate
}

/** A known word with an ending is similar, for any length of the ending: `warning` is `warn`. */
function mistakesIn(plain: string, candidate: string): number {
  const known = plainOf(candidate)
  const mistakes = distance(plain, known)
  const isLonger = candidate.length >= 4 && plain.startsWith(known)
  return isLonger ? Math.min(mistakes, mostMistakes(candidate)) : mistakes
}

/** Letter case, `_` and `-` are ignored: `max_body_bytes` is `maxBodyBytes`. */
function plainOf(word: string): string {
  return word.slice(0, MAX_LENGTH).toLowerCase().replaceAll(/[_-]/g, '')
}

/** Longer than any key. The cost grows with the product of both lengths. */
const MAX_LENGTH = 64

/** In a short word, two changes could make any other word. */
function mostMistakes(candidate: string): number {
  if (candidate.length <= 4) return 1
  return candidate.length <= 8 ? 2 : 3
}

/**
 * The number of characters to insert, remove, replace or swap with their neighbor: the Damerau-Levenshtein
 * distance in its restricted form (optimal string alignment).
 */
function distance(from: string, to: string): number {
  let before: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1]
      const isSwap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row[j] = Math.min(
        (row[j - 1] ?? 0) + 1,
        (last[j] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (before[j - 2] ?? Infinity) + 1 : Infinity,
      )
    }
    before = last
    last = row
  }
  return last[to.length] ?? 0
}

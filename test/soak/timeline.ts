/**
 * What was in force when. A change takes a moment to reach every worker, and in that moment a request may
 * be decided by what was before it or by what is behind it; at every other time there is one answer.
 */

interface Period<T> {
  readonly value: T
  /** When the first worker may have it, Unix milliseconds. */
  readonly possibleFromMs: number
  /** When the last worker has it; undefined until then. */
  certainFromMs: number | undefined
}

export class Timeline<T> {
  readonly #periods: Period<T>[]

  /** @param first in force from the start. */
  constructor(first: T) {
    this.#periods = [{ value: first, possibleFromMs: 0, certainFromMs: 0 }]
  }

  /** A change begins now. @returns what to call when it has reached every worker. */
  begin(value: T): () => void {
    const period: Period<T> = { value, possibleFromMs: Date.now(), certainFromMs: undefined }
    this.#periods.push(period)
    return () => {
      period.certainFromMs = Date.now()
    }
  }

  /** @returns everything by which a request may have been decided that began and ended then. */
  during(fromMs: number, toMs: number): readonly T[] {
    const found: T[] = []
    for (const [i, { value, possibleFromMs }] of this.#periods.entries()) {
      const overMs = this.#periods[i + 1]?.certainFromMs ?? Infinity
      if (possibleFromMs <= toMs && overMs >= fromMs) found.push(value)
    }
    return found
  }
}

/**
 * What is open at the moment, each thing once, in no order. Not a Set: V8 replaces the table of one
 * that is joined and left all the time, and each old table keeps the next alive, with everything in
 * them, until a full collection.
 */

export interface Listed {
  /** Where it stands in the list; undefined if it is in none. */
  place?: number | undefined
}

export class OpenList<Item extends Listed> {
  readonly #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: Item): void {
    item.place = this.#items.push(item) - 1
  }

  /** The last takes its place, so that nobody else moves. */
  remove(item: Item): void {
    const { place } = item
    if (place === undefined) return
    item.place = undefined
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    last.place = place
    this.#items[place] = last
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items.values()
  }
}

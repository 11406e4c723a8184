/**
 * A list of open items, without order. Not a Set: when items are added and removed all the time, V8 replaces
 * the table of a Set again and again. Each old table keeps the next one alive, with all items in it, until a
 * full collection.
 */

export interface Listed {
  /** Its index in the list; undefined if it is in none. */
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

  /** The last item takes its place, so that no other item moves. */
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

/**
 * A map of bounded size and age, which forgets what was not used lately. It has two generations, of which the
 * older one is forgotten whole. To move an entry to the end of a `Map` at each use (delete, set) took 28 µs
 * for one that is used all the time, with 10,000 entries in Node 24: what is deleted stays in the chain of its
 * hash, which `set` walks through, until the whole map is hashed anew.
 */
import { copied } from '../admit/copied.ts'

interface Entry<T> {
  readonly value: T
  readonly untilMs: number
}

export class RecentMap<T> {
  readonly #size: number
  readonly #lifeMs: number
  #recent = new Map<string, Entry<T>>()
  #older = new Map<string, Entry<T>>()

  /** @param size so many entries used last are remembered, and never more than twice as many. */
  constructor({ size, lifeMs }: { readonly size: number; readonly lifeMs: number }) {
    this.#size = size
    this.#lifeMs = lifeMs
  }

  get(key: string, nowMs: number): T | undefined {
    const recent = this.#recent.get(key)
    const entry = recent ?? this.#older.get(key)
    if (entry === undefined || entry.untilMs <= nowMs) return undefined
    if (recent === undefined) this.#use(key, entry)
    return entry.value
  }

  /** Its life begins anew. */
  set(key: string, value: T, nowMs: number): void {
    this.#use(key, { value, untilMs: nowMs + this.#lifeMs })
  }

  #use(key: string, entry: Entry<T>): void {
    if (this.#recent.size >= this.#size && !this.#recent.has(key)) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(copied(key), entry)
  }
}

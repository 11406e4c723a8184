/** The last good list of each source, in memory and in the state file. */
import type { AddressRange } from '../ip/address-ranges.ts'
import { updateList, withoutFuture, type PublishedList } from './published-list.ts'
import type { KnownList } from './current-ranges.ts'
import { failureOf, type ListSource, type Look, type FetchFailure } from './list-source.ts'
import { readState, writeState, type Lists, type StateWriting } from './state-file.ts'

export class LastGoodLists {
  readonly #sources: readonly ListSource[]
  readonly #stateFile: string | undefined
  readonly #lists = new Map<string, PublishedList>()
  /** The sources whose last fetch succeeded. */
  readonly #fresh = new Set<string>()

  constructor(sources: readonly ListSource[], stateFile: string | undefined) {
    this.#sources = sources
    this.#stateFile = stateFile
  }

  get bySource(): readonly KnownList[] {
    return this.#sources.map(({ label }) => ({
      source: label,
      list: this.#lists.get(label),
      isFresh: this.#fresh.has(label),
    }))
  }

  get all(): Lists {
    return this.#lists
  }

  has(source: string): boolean {
    return this.#lists.has(source)
  }

  /** @returns why the state file is not used; undefined if it is. */
  load(nowSeconds: number): string | undefined {
    if (this.#stateFile === undefined) return undefined
    const reading = readState(this.#stateFile)
    if (!reading.ok) return reading.why
    for (const { label } of this.#sources) {
      const list = reading.lists.get(label)
      if (list !== undefined) this.#lists.set(label, withoutFuture(list, nowSeconds))
    }
    return undefined
  }

  /** Takes over the lists whose sources are its own. */
  adopt(lists: Lists): void {
    for (const { label } of this.#sources) {
      const list = lists.get(label)
      if (list !== undefined) this.#lists.set(label, list)
    }
  }

  save(): Promise<StateWriting> {
    if (this.#stateFile === undefined) return Promise.resolve({ ok: true })
    return writeState(this.#stateFile, this.#lists)
  }

  /** A bad list changes nothing. @returns what is wrong with it; undefined if it is good. */
  take(source: ListSource, look: Look, nowSeconds: number): FetchFailure | undefined {
    const failure = look.ok ? this.#update(source, look.ranges, nowSeconds) : look.failure
    if (failure === undefined) this.#fresh.add(source.label)
    else this.#fresh.delete(source.label)
    return failure
  }

  #update(
    { label, isWatched }: ListSource,
    ranges: readonly AddressRange[],
    nowSeconds: number,
  ): FetchFailure | undefined {
    const last = this.#lists.get(label)
    const isSeenUntilNow = last !== undefined && isWatched && this.#fresh.has(label)
    const previous = isSeenUntilNow ? { ...last, fetchedAtSeconds: nowSeconds } : last
    const update = updateList(previous, ranges, nowSeconds)
    if (!update.ok) return failureOf(update.problem)
    this.#lists.set(label, update.list)
    return undefined
  }
}

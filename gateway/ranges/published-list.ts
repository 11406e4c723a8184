/** One published list over time: its ranges now, and those that it lost recently. */
import type { AddressRange } from '../ip/address-ranges.ts'
import { MAX_RANGES } from './range-list.ts'

export interface PublishedList {
  /** When `published` was last seen, Unix seconds. */
  readonly fetchedAtSeconds: number
  readonly published: readonly AddressRange[]
  /** The ranges that are no longer published, the most recently seen first. */
  readonly vanished: readonly VanishedRange[]
}

export interface VanishedRange {
  readonly range: AddressRange
  /** When a list last contained the range, Unix seconds. */
  readonly lastSeenSeconds: number
}

export type ListUpdate =
  | { readonly ok: true; readonly list: PublishedList }
  | { readonly ok: false; readonly problem: 'shrunk' }

/**
 * A list that lost half of its addresses is refused as a publisher's mistake. Addresses count, not lines:
 * single addresses that were merged into one network are not lost.
 * @param previous the last good list of the same source. Never the bundled ranges, which are as old as the
 * release and may have little in common with today's list.
 */
export function updateList(
  previous: PublishedList | undefined,
  ranges: readonly AddressRange[],
  nowSeconds: number,
): ListUpdate {
  const byKey = new Map(ranges.map((range) => [rangeKey(range), range]))
  const published = [...byKey.values()]
  const covered = previous?.published.filter(isCoveredBy(published)).length ?? 0
  if (previous !== undefined && covered * 2 < previous.published.length) {
    return { ok: false, problem: 'shrunk' }
  }
  const vanished = previous === undefined ? [] : everSeen(withoutFuture(previous, nowSeconds))
  return {
    ok: true,
    list: {
      fetchedAtSeconds: nowSeconds,
      published,
      // Bounded, because a list may change often.
      vanished: vanished.filter(({ range }) => !byKey.has(rangeKey(range))).slice(0, MAX_RANGES),
    },
  }
}

/** The published ranges, and those that vanished less than `keepVanishedSeconds` ago. */
export function validRanges(
  { published, vanished }: PublishedList,
  nowSeconds: number,
  keepVanishedSeconds: number,
): AddressRange[] {
  const kept = vanished.filter(
    ({ lastSeenSeconds }) => nowSeconds < lastSeenSeconds + keepVanishedSeconds,
  )
  return [...published, ...kept.map(({ range }) => range)]
}

/** If the clock was ahead when the list was fetched, a vanished range must not stay valid for that much longer. */
export function withoutFuture(list: PublishedList, nowSeconds: number): PublishedList {
  return {
    ...list,
    fetchedAtSeconds: Math.min(list.fetchedAtSeconds, nowSeconds),
    vanished: list.vanished.map(({ range, lastSeenSeconds }) => ({
      range,
      lastSeenSeconds: Math.min(lastSeenSeconds, nowSeconds),
    })),
  }
}

/** Equal for equal ranges, in whatever spelling. */
export function rangeKey({ family, first, last }: AddressRange): string {
  return `${String(family)} ${String(first)} ${String(last)}`
}

function everSeen({ fetchedAtSeconds, published, vanished }: PublishedList): VanishedRange[] {
  const lately = published.map((range) => ({ range, lastSeenSeconds: fetchedAtSeconds }))
  return [...lately, ...vanished]
}

function isCoveredBy(ranges: readonly AddressRange[]): (range: AddressRange) => boolean {
  const sorted = ranges.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  return ({ family, first, last }) => {
    // The first address that no range so far covers.
    let open = first
    for (const range of sorted) {
      if (range.family === family && range.first <= open && range.last >= open) {
        open = range.last + 1n
      }
    }
    return open > last
  }
}

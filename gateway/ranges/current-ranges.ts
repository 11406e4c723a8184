/** The set of ranges that is in use, put together from what is known of each source. */
import type { AddressRange } from '../ip/address-ranges.ts'
import { rangeKey, validRanges, type PublishedList } from './published-list.ts'

export interface CurrentRanges {
  readonly ranges: readonly AddressRange[]
  readonly origin: RangesOrigin
  readonly sources: readonly SourceRanges[]
}

/**
 * `bundled`: a source never gave a good list, so the bundled ranges are among them. `kept`: of some
 * source an earlier list is in use. `fetched`, `file`: all as last published.
 */
export type RangesOrigin = 'fetched' | 'kept' | 'file' | 'bundled'

export interface SourceRanges {
  readonly source: string
  readonly ranges: readonly AddressRange[]
  /** Unix seconds; undefined if there never was a good list. */
  readonly fetchedAtSeconds: number | undefined
}

export interface KnownList {
  readonly source: string
  readonly list: PublishedList | undefined
  /** Whether the last look at the source gave it. */
  readonly isFresh: boolean
}

export function combine(
  known: readonly KnownList[],
  bundled: readonly AddressRange[],
  freshOrigin: 'fetched' | 'file',
  nowSeconds: number,
  keepVanishedSeconds: number,
): CurrentRanges {
  const perSource = known.map(({ source, list }) => ({
    source,
    ranges: list === undefined ? [] : validRanges(list, nowSeconds, keepVanishedSeconds),
    fetchedAtSeconds: list?.fetchedAtSeconds,
  }))
  const isAllKnown = known.length > 0 && known.every(({ list }) => list !== undefined)
  const spare = { source: 'bundled', ranges: bundled, fetchedAtSeconds: undefined }
  const parts = isAllKnown ? perSource : [...perSource, spare]
  const keptOrFresh = known.every(({ isFresh }) => isFresh) ? freshOrigin : 'kept'
  return {
    ranges: parts.flatMap(({ ranges }) => ranges),
    origin: isAllKnown ? keptOrFresh : 'bundled',
    sources: parts,
  }
}

/** Why the bundled ranges are in use, where they are. */
export function whyBundled({ sources }: CurrentRanges): string {
  // Beside the bundled ones there is each source that was to be asked.
  return sources.length === 1 ? 'inngestRanges.urls is empty' : 'a list has not been fetched yet'
}

export interface RangesChange {
  readonly added: readonly AddressRange[]
  readonly removed: readonly AddressRange[]
}

/** @returns undefined if both let in the same ranges. */
export function changeBetween(
  before: readonly AddressRange[],
  after: readonly AddressRange[],
): RangesChange | undefined {
  const added = without(after, before)
  const removed = without(before, after)
  return added.length + removed.length === 0 ? undefined : { added, removed }
}

function without(
  ranges: readonly AddressRange[],
  others: readonly AddressRange[],
): readonly AddressRange[] {
  const keys = new Set(others.map(rangeKey))
  return ranges.filter((range) => !keys.has(rangeKey(range)))
}

/** The ranges in use, combined from the lists of all sources. */
import type { AddressRange } from '../ip/address-ranges.ts'
import { rangeKey, validRanges, type PublishedList } from './published-list.ts'

export interface CurrentRanges {
  readonly ranges: readonly AddressRange[]
  readonly origin: RangesOrigin
  readonly sources: readonly SourceRanges[]
}

/**
 * `bundled`: a source never gave a good list, so the bundled ranges are included. `kept`: an earlier list of
 * at least one source is in use. `fetched`, `file`: all lists are as last published.
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
  /** Whether the last fetch from the source succeeded. */
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

/** @returns why the bundled ranges are in use. */
export function whyBundled({ sources }: CurrentRanges): string {
  // `sources` has the bundled ranges and each source that should have been fetched.
  return sources.length === 1 ? 'inngestRanges.urls is empty' : 'a list has not been fetched yet'
}

export interface RangesChange {
  readonly added: readonly AddressRange[]
  readonly removed: readonly AddressRange[]
}

/** @returns undefined if both contain the same addresses. */
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

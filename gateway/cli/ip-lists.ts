/** The allowed client addresses by list, for every format of `ips`. */
import type { Settings } from '../config/compile.ts'
import { formatAddress } from '../ip/address.ts'
import type { AddressRange } from '../ip/address-ranges.ts'
import { readBundledLists } from '../ranges/bundled-ranges.ts'
import type { CurrentRanges, SourceRanges } from '../ranges/current-ranges.ts'
import { quotable } from '../redact/safe-text.ts'

export interface IpList {
  readonly source: string
  /** The date when the list was read, or of the list itself. */
  readonly date: string
  /** In CIDR notation. Each range is in one list only. */
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
}

interface DatedRanges extends Pick<IpList, 'source' | 'date'> {
  readonly ranges: readonly AddressRange[]
}

export function ipListsOf(
  published: CurrentRanges | undefined,
  { allowlistSources }: Settings,
  now: string,
): IpList[] {
  const own = allowlistSources.flatMap(({ source, ranges }) =>
    source === 'config' ? ranges.ranges : [],
  )
  const all = [
    ...(published?.sources ?? []).flatMap(datedRangesOf),
    { source: 'allowlist of the configuration', date: now, ranges: own },
  ]
  const seen = new Set<string>()
  const isNew = (cidr: string) => !seen.has(cidr) && seen.add(cidr).has(cidr)
  return all
    .map(({ source, date, ranges }) => ({
      // The source becomes a comment, which a line break would end.
      source: quotable(source),
      date,
      ipv4: cidrsOf(ranges, 4).filter(isNew),
      ipv6: cidrsOf(ranges, 6).filter(isNew),
    }))
    .filter(({ ipv4, ipv6 }) => ipv4.length + ipv6.length > 0)
}

function datedRangesOf({ source, ranges, fetchedAtSeconds }: SourceRanges): DatedRanges[] {
  if (source !== 'bundled') {
    const date = fetchedAtSeconds === undefined ? 'never' : isoSeconds(fetchedAtSeconds * 1000)
    return [{ source, date, ranges }]
  }
  return readBundledLists().map((list) => ({
    ...list,
    source: `bundled with this release: ${list.source}`,
  }))
}

function cidrsOf(ranges: readonly AddressRange[], family: 4 | 6): string[] {
  return ranges.filter((range) => range.family === family).map(cidrOf)
}

function cidrOf({ family, first, last }: AddressRange): string {
  const hostBits = (last - first).toString(2).replace(/^0$/, '').length
  const prefix = (family === 4 ? 32 : 128) - hostBits
  return `${formatAddress({ family, value: first })}/${String(prefix)}`
}

/** In the format of RFC 3339, without fractions. */
export function isoSeconds(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

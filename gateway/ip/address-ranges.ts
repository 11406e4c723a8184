/**
 * Ranges of addresses, parsed once and searched for each request. `net.BlockList` is not
 * used: it reads some IPv4-mapped ranges as wider than they are, and ignores host bits silently.
 */
import { formatAddress, parseAddress, type Address } from './address.ts'

export interface AddressRange {
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
  /** As the operator wrote it. */
  readonly text: string
}

export type RangeReading =
  | { readonly ok: true; readonly range: AddressRange }
  | { readonly ok: false; readonly expected: string }

interface Interval {
  readonly first: bigint
  last: bigint
}

/** Reads an address or a CIDR. `expected` says what to write instead. */
export function parseRange(text: string): RangeReading {
  const [addressText = '', prefixText, ...rest] = text.split('/')
  const address = rest.length > 0 || text.includes('%') ? undefined : parseAddress(addressText)
  if (address === undefined) return { ok: false, expected: expectedFor(text) }
  return withPrefix(address, addressText.includes(':'), prefixText, text)
}

function withPrefix(
  address: Address,
  isWrittenAsIpv6: boolean,
  prefixText: string | undefined,
  text: string,
): RangeReading {
  const isMapped = address.family === 4 && isWrittenAsIpv6
  const writtenBits = isMapped ? 128 : bitsOf(address.family)
  if (prefixText !== undefined && !isPrefix(prefixText, writtenBits)) {
    return {
      ok: false,
      expected: `a prefix length from 1 to ${String(writtenBits)}, without leading zeros`,
    }
  }
  const written = prefixText === undefined ? writtenBits : Number(prefixText)
  const prefix = isMapped ? written - 96 : written
  if (prefix < 0) {
    return { ok: false, expected: 'an IPv4 range in dotted form, or a mapped one of /96 or longer' }
  }
  if (prefix === 0) {
    return { ok: false, expected: 'a narrower range; /0 is every address' }
  }
  return rangeOf(address, prefix, text)
}

/** A zone names an interface of one machine (RFC 4007 11.2), so addresses are compared without it. */
function expectedFor(text: string): string {
  return text.includes(':') && text.includes('%')
    ? 'an IPv6 address or CIDR without a zone: leave out the % and the interface name'
    : 'an IPv4 or IPv6 address or CIDR'
}

function rangeOf(address: Address, prefix: number, text: string): RangeReading {
  const hostBits = BigInt(bitsOf(address.family) - prefix)
  const first = (address.value >> hostBits) << hostBits
  if (first !== address.value) {
    const length = `/${String(prefix)}`
    const start = formatAddress({ family: address.family, value: first })
    return { ok: false, expected: `the first address of the ${length}, ${start}${length}` }
  }
  const last = first + (1n << hostBits) - 1n
  return { ok: true, range: { family: address.family, first, last, text } }
}

function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128
}

function isPrefix(text: string, bits: number): boolean {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= bits
}

export class AddressRanges {
  /** As given, before adjacent ranges were merged. */
  readonly ranges: readonly AddressRange[]
  readonly #intervals: Readonly<Record<4 | 6, readonly Interval[]>>

  private constructor(ranges: readonly AddressRange[]) {
    const byFamily = (family: 4 | 6) => ranges.filter((range) => range.family === family)
    this.ranges = ranges
    this.#intervals = { 4: merge(byFamily(4)), 6: merge(byFamily(6)) }
  }

  static compile(ranges: readonly AddressRange[]): AddressRanges {
    return new AddressRanges(ranges)
  }

  get size(): number {
    return this.ranges.length
  }

  countOf(family: 4 | 6): number {
    return this.ranges.filter((range) => range.family === family).length
  }

  /** The first range that an address is in, for explanations. */
  find(address: Address): AddressRange | undefined {
    return this.ranges.find((range) => isInRange(address, range))
  }

  /** Whether it contains every address of another. */
  covers({ ranges }: AddressRanges): boolean {
    return ranges.every(({ family, first, last }) =>
      this.#intervals[family].some((own) => own.first <= first && last <= own.last),
    )
  }

  /** An empty list contains no address. */
  contains({ family, value }: Address): boolean {
    const intervals = this.#intervals[family]
    let low = 0
    let high = intervals.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const interval = intervals[middle]
      if (interval === undefined) return false
      if (value < interval.first) high = middle - 1
      else if (value > interval.last) low = middle + 1
      else return true
    }
    return false
  }
}

export function isInRange({ family, value }: Address, range: AddressRange): boolean {
  return range.family === family && range.first <= value && value <= range.last
}

/** Sorted and without overlap, as binary search requires. */
function merge(ranges: readonly AddressRange[]): Interval[] {
  const sorted = ranges.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const merged: Interval[] = []
  for (const { first, last } of sorted) {
    const previous = merged.at(-1)
    if (previous !== undefined && first <= previous.last + 1n) {
      if (last > previous.last) previous.last = last
    } else {
      merged.push({ first, last })
    }
  }
  return merged
}

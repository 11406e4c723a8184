/**
 * Reads a list of ranges as Inngest publishes it. Whoever can change the list can admit clients. So a list
 * is refused as a whole if it contains anything else than small public ranges.
 */
import { parseRange, type AddressRange } from '../ip/address-ranges.ts'
import { touchesSpecialPurpose } from '../ip/special-purpose.ts'

export const MAX_RANGES = 1000

/** Every reason to refuse a list, with a sentence for the operator. `shrunk`: published-list.ts. */
export const listProblems = {
  empty: 'The list is empty.',
  not_a_list: 'An entry is neither an address nor a CIDR.',
  too_many: `The list has more than ${String(MAX_RANGES)} ranges.`,
  too_wide: 'A range is wider than an IPv4 /16 or an IPv6 /28.',
  special_purpose: 'A range is private or reserved, not public.',
  shrunk:
    'The list covers less than half of the last good list. If that is correct, remove the state file and restart.',
} as const satisfies Record<string, string>

export type ListProblem = keyof typeof listProblems

export type ListReading =
  | { readonly ok: true; readonly ranges: readonly AddressRange[] }
  | {
      readonly ok: false
      readonly problem: ListProblem
      /** The wrong part of the list, short and printable; undefined if the problem is the list as a whole. */
      readonly found: string | undefined
    }

/**
 * The largest size of a range. To forbid /0 alone would not help, because two halves cover everything, too.
 * With this bound, a full list covers at most 1.5 % of IPv4. Inngest's own networks are a /24, a /23 and an
 * IPv6 /32.
 */
const MAX_ADDRESSES = { 4: 1n << 16n, 6: 1n << 100n } as const

/**
 * Accepts one address or CIDR on each line, commas, `#` comments, and JSON arrays of strings.
 * @param text from an untrusted sender.
 */
export function parseRangeList(text: string): ListReading {
  const entries = entriesOf(text.replace(/^\uFEFF/, ''))
  if (entries === undefined) return refuse('not_a_list', undefined)
  if (entries.length === 0) return refuse('empty', undefined)
  if (entries.length > MAX_RANGES) return refuse('too_many', undefined)
  const ranges: AddressRange[] = []
  for (const entry of entries) {
    const range = readEntry(entry)
    if (typeof range === 'string') return refuse(range, entry)
    ranges.push(range)
  }
  return { ok: true, ranges }
}

function refuse(problem: ListProblem, entry: string | undefined): ListReading {
  const found = entry?.slice(0, 60).replace(/[^\x20-\x7e]/g, '?')
  return { ok: false, problem, found }
}

/** @returns undefined for JSON that is not an array of strings. */
function entriesOf(text: string): readonly string[] | undefined {
  if (text.trimStart().startsWith('[')) return stringsOf(text)
  return text
    .split('\n')
    .flatMap((line) => line.split('#', 1)[0]?.split(',') ?? [])
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

function stringsOf(json: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(json)
    const isStrings = Array.isArray(value) && value.every((entry) => typeof entry === 'string')
    return isStrings ? value : undefined
  } catch {
    return undefined
  }
}

function readEntry(entry: string): AddressRange | ListProblem {
  const reading = parseRange(entry)
  if (!reading.ok) return /^[\da-f.:]+\/0$/i.test(entry) ? 'too_wide' : 'not_a_list'
  const { range } = reading
  if (range.last - range.first >= MAX_ADDRESSES[range.family]) return 'too_wide'
  // A mapped address (RFC 4291 2.5.5.2) is parsed as its IPv4 address, but no network uses it.
  const isMapped = range.family === 4 && entry.includes(':')
  return isMapped || touchesSpecialPurpose(range) ? 'special_purpose' : range
}

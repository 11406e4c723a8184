/**
 * RFC 8785 3.2.3: the order of members by the UTF-16 code units of their names, found on canonical UTF-8. A
 * member is given by two offsets: its name's opening quote, and the end of its value.
 */
import { asciiLengths, readEscape } from './json-escape.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The end of a name sorts before every other continuation. */
const END = 0
const PLACES = 258

/**
 * The rank of each byte in that order. It is the order of the bytes, except for characters beyond U+FFFF (0xf0
 * to 0xf4): their surrogates sort before U+E000 to U+FFFF (0xee and 0xef).
 */
const PLACE_OF = Uint16Array.from({ length: 256 }, (_, byte) => {
  if (byte === QUOTE) return END
  if (byte < 0xee) return byte + 1
  return byte < 0xf0 ? byte + 6 : byte - 1
})

/** The rank of a character's first byte, or of the whole character if it is escaped. */
function placeAt(json: Uint8Array, at: number): number {
  const byte = json[at] ?? QUOTE
  if (byte === BACKSLASH) return (readEscape(json, at) ?? 0) + 1
  return PLACE_OF[byte] ?? END
}

/** The number of bytes that a comparison of this rank covers. */
function lengthOfPlace(place: number): number {
  return asciiLengths[place - 1] ?? 1
}

/**
 * @param skip number of bytes that the names are known to have in common.
 * @returns negative if the name at `one` comes first, 0 if they are the same.
 */
export function compareNames(json: Uint8Array, one: number, other: number, skip = 0): number {
  let a = one + 1 + skip
  let b = other + 1 + skip
  for (;;) {
    const byte = json[a] ?? QUOTE
    if (byte === json[b] && byte !== QUOTE && byte !== BACKSLASH) {
      a += 1
      b += 1
      continue
    }
    const place = placeAt(json, a)
    const difference = place - placeAt(json, b)
    if (difference !== 0 || place === END) return difference
    a += lengthOfPlace(place)
    b += lengthOfPlace(place)
  }
}

/** Up to so many members are sorted by comparison. */
const FEW = 16

/** Members `from` to `to` of a list, all of whose names begin with the same `skip` bytes. */
interface Group {
  readonly from: number
  readonly to: number
  readonly skip: number
}

/**
 * Sorts members `from` to `to` of a list of offset pairs, in place. Many members are split by one character at
 * a time, so that the time is linear for any choice of names.
 * @returns false if two have the same name.
 */
export function sortMembers(
  json: Uint8Array,
  members: Uint32Array,
  from: number,
  to: number,
): boolean {
  if (to - from <= FEW) return sortFew(json, members, { from, to, skip: 0 })
  const splitter = new Splitter(json, members, { from, to, skip: 0 })
  for (let group = splitter.groups.pop(); group; group = splitter.groups.pop()) {
    const isFew = group.to - group.from <= FEW
    if (!(isFew ? sortFew(json, members, group) : splitter.split(group))) return false
  }
  return true
}

function sortFew(json: Uint8Array, members: Uint32Array, { from, to, skip }: Group): boolean {
  for (let i = from + 1; i < to; i += 1) {
    const start = members[2 * i] ?? 0
    const end = members[2 * i + 1] ?? 0
    let free = i
    for (; free > from; free -= 1) {
      const before = members[2 * free - 2] ?? 0
      const order = compareNames(json, before, start, skip)
      if (order === 0) return false
      if (order < 0) break
      members[2 * free] = before
      members[2 * free + 1] = members[2 * free - 1] ?? 0
    }
    members[2 * free] = start
    members[2 * free + 1] = end
  }
  return true
}

/** Splits groups of members by the next character of their names. */
class Splitter {
  /** Still to be sorted. */
  readonly groups: Group[]
  readonly #json: Uint8Array
  readonly #members: Uint32Array
  readonly #sorted: Uint32Array
  readonly #counts = new Uint32Array(PLACES)
  /** For each rank, the place of its next member. */
  readonly #next = new Uint32Array(PLACES)

  constructor(json: Uint8Array, members: Uint32Array, all: Group) {
    this.#json = json
    this.#members = members
    this.#sorted = new Uint32Array(2 * (all.to - all.from))
    this.groups = [all]
  }

  /** @returns false if two names end here. */
  split(group: Group): boolean {
    const { from, to, skip } = group
    const counts = this.#counts.fill(0)
    for (let i = from; i < to; i += 1) {
      const place = this.#placeOf(i, skip)
      counts[place] = (counts[place] ?? 0) + 1
    }
    if ((counts[END] ?? 0) > 1) return false
    const first = this.#placeOf(from, skip)
    if (counts[first] === to - from) {
      this.groups.push({ from, to, skip: skip + lengthOfPlace(first) })
    } else {
      this.#part(group)
    }
    return true
  }

  #part({ from, to, skip }: Group): void {
    let free = 0
    for (const [place, count] of this.#counts.entries()) {
      this.#next[place] = free
      const group = {
        from: from + free,
        to: from + free + count,
        skip: skip + lengthOfPlace(place),
      }
      if (count > 1) this.groups.push(group)
      free += count
    }
    for (let i = from; i < to; i += 1) {
      const place = this.#placeOf(i, skip)
      const target = this.#next[place] ?? 0
      this.#next[place] = target + 1
      this.#sorted[2 * target] = this.#members[2 * i] ?? 0
      this.#sorted[2 * target + 1] = this.#members[2 * i + 1] ?? 0
    }
    this.#members.set(this.#sorted.subarray(0, 2 * free), 2 * from)
  }

  #placeOf(member: number, skip: number): number {
    return placeAt(this.#json, (this.#members[2 * member] ?? 0) + 1 + skip)
  }
}

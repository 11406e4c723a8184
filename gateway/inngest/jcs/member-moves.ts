/**
 * The objects whose members are not in the order of RFC 8785. Nothing is moved during reading, because a value
 * inside two hundred such objects would be moved two hundred times. Instead everything is rewritten once at the
 * end.
 */
import { copyBytes, UintList } from './uint-list.ts'
import { sortMembers } from './member-order.ts'

const COMMA = 0x2c

/**
 * For each object: the offset after its opening brace, that of its closing one, its first inner object, its
 * first member.
 */
const FIELDS = 4

export class MemberMoves {
  /** In the order of their ends, so that inner objects come directly before the outer one. */
  readonly #objects = new UintList()
  /** The members of each object in order, two offsets for each. */
  readonly #members = new UintList()

  /** The number of objects so far. */
  get size(): number {
    return this.#objects.length / FIELDS
  }

  /**
   * @param members the members of this object begin at `first`.
   * @param inner `size` at the beginning of the object.
   * @returns false if two members have the same name.
   */
  add(json: Uint8Array, members: UintList, first: number, inner: number): boolean {
    const open = members.at(first)
    const close = members.at(members.length - 1)
    if (!sortMembers(json, members.values, first / 2, members.length / 2)) return false
    for (const field of [open, close, inner, this.#members.length]) this.#objects.push(field)
    for (let i = first; i < members.length; i += 1) this.#members.push(members.at(i))
    return true
  }

  /**
   * @param json the input.
   * @returns a copy with every member in its place.
   */
  applyTo(json: Buffer): Buffer<ArrayBuffer> {
    const output = new BackwardOutput(json)
    this.#write(output, 0, json.byteLength, 0, this.size)
    return output.bytes
  }

  /** Writes a range that contains some of the objects from `low` to `high`. */
  #write(output: BackwardOutput, from: number, to: number, low: number, high: number): void {
    let end = to
    let object = low === high ? low - 1 : this.#lastWithin(low, high, to)
    while (object >= low && this.#open(object) >= from) {
      output.prepend(this.#close(object), end)
      this.#writeMembers(output, object)
      end = this.#open(object)
      object = this.#inner(object) - 1
    }
    output.prepend(from, end)
  }

  #writeMembers(output: BackwardOutput, object: number): void {
    const first = this.#firstMember(object)
    const behind = object + 1 < this.size ? this.#firstMember(object + 1) : this.#members.length
    for (let i = behind - 2; i >= first; i -= 2) {
      const [from, to] = [this.#members.at(i), this.#members.at(i + 1)]
      this.#write(output, from, to, this.#inner(object), object)
      if (i > first) output.prependByte(COMMA)
    }
  }

  /** @returns the last of the objects from `low` to `high` that ends at or before `to`; else `low - 1`. */
  #lastWithin(low: number, high: number, to: number): number {
    let [first, behind] = [low, high]
    while (first < behind) {
      const middle = (first + behind) >>> 1
      if (this.#close(middle) <= to) first = middle + 1
      else behind = middle
    }
    return first - 1
  }

  #open(object: number): number {
    return this.#objects.at(FIELDS * object)
  }

  #close(object: number): number {
    return this.#objects.at(FIELDS * object + 1)
  }

  #inner(object: number): number {
    return this.#objects.at(FIELDS * object + 2)
  }

  #firstMember(object: number): number {
    return this.#objects.at(FIELDS * object + 3)
  }
}

/** An output of the same length as its input, written from the end to the beginning. */
class BackwardOutput {
  readonly bytes: Buffer<ArrayBuffer>
  readonly #source: Buffer
  #start: number

  constructor(source: Buffer) {
    this.bytes = Buffer.alloc(source.byteLength)
    this.#source = source
    this.#start = source.byteLength
  }

  prependByte(byte: number): void {
    this.#start -= 1
    this.bytes[this.#start] = byte
  }

  prepend(from: number, to: number): void {
    this.#start -= to - from
    copyBytes(this.#source, from, to, this.bytes, this.#start)
  }
}

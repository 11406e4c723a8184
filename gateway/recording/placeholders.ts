/**
 * What stands in a copy for a value that has to be the same in several places: an id in a header and in the
 * body, a host name, an address. The same value gets the same placeholder within one recording, and different
 * values get different ones. A random secret decides which, so that no placeholder can be looked up.
 */
import { createHash } from 'node:crypto'

/** Thrown if a copy could not both hide a value and keep its form. The request is then left out. */
export class Unredactable extends Error {}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const DIGITS = '0123456789'

/** A short value can have as many different placeholders as there are texts of its length. */
const MOST_ATTEMPTS = 500

const DOCUMENTATION_HOSTS = 65_535

export class Placeholders {
  readonly #secret: Uint8Array
  /** By a digest of the value: the value itself is not kept. */
  readonly #assigned = new Map<string, string>()
  readonly #used = new Set<string>()
  #addresses = 0

  /** @param secret random, and forgotten with the recording. */
  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  /**
   * A text of the same length: of digits, if the value is, and otherwise of lower-case letters and digits.
   * @throws Unredactable if all texts of this length are taken.
   */
  of(value: string): string {
    if (value === '') return ''
    return this.#find(value, () => this.#draw(value))
  }

  /** An address for documentation (RFC 5737, RFC 3849) in place of a real one. */
  ofAddress(address: string): string {
    return this.#find(`address ${address}`, () => {
      this.#addresses += 1
      const n = this.#addresses
      if (n > DOCUMENTATION_HOSTS) throw new Unredactable('too many addresses')
      if (address.includes(':')) return `2001:db8::${n.toString(16)}`
      // Networks of documentation have room for three times 254 addresses only; 198.18.0.0/15 is for benchmarks.
      return `198.18.${String(n >> 8)}.${String(n & 0xff)}`
    })
  }

  #find(value: string, make: () => string): string {
    const digest = this.#digest(value, 0, 16).toString('latin1')
    const known = this.#assigned.get(digest)
    if (known !== undefined) return known
    const placeholder = make()
    this.#assigned.set(digest, placeholder)
    this.#used.add(placeholder)
    return placeholder
  }

  #draw(value: string): string {
    const isNumber = /^\d+$/.test(value)
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const bytes = this.#digest(value, attempt, value.length)
      const alphabet = isNumber ? DIGITS : LETTERS
      const text = Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('')
      const isSameForm = !isNumber || value.length === 1 || (text[0] === '0') === (value[0] === '0')
      if (isSameForm && !this.#used.has(text)) return text
    }
    throw new Unredactable('more different values of one length than placeholders')
  }

  #digest(value: string, attempt: number, outputLength: number): Buffer {
    return createHash('shake256', { outputLength })
      .update(this.#secret)
      .update(`${String(attempt)} ${value}`)
      .digest()
  }
}

/**
 * Names of members with a meaning, and every other spelling that some JSON parser takes for one of them. Go's
 * `encoding/json` accepts any letter case of a name, also U+017F for `s` and U+212A for `k`, and uses the last
 * member with such a name.
 */
import { Body } from './body.ts'
import { unescaped } from './jcs/json-string.ts'
import { everyName, type NameBytes, type NameOwner } from './member-names.ts'

const BACKSLASH = 0x5c

/** The result of `find` for another spelling of a known name. */
export const OTHER_SPELLING = 'other spelling'

export class KnownNames {
  /** The names, case-folded. */
  readonly #names: ReadonlySet<string>
  /** Whether a name has this length in bytes. */
  readonly #lengths: readonly boolean[]

  /** @param names ASCII letters and `_`. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names)
    const longest = Math.max(...names.map(({ length }) => length))
    const hasLength = (length: number) => names.some((name) => name.length === length)
    this.#lengths = Array.from({ length: longest + 1 }, (_, length) => hasLength(length))
  }

  /**
   * @returns undefined if no parser takes the name for a known one; the name if it is exactly that one; `other
   * spelling` if it may be taken for one.
   */
  find(name: NameBytes): string | undefined {
    if (isPlain(name)) {
      if (this.#lengths[name.to - name.from] !== true) return undefined
      const text = name.json.toString('latin1', name.from, name.to)
      if (this.#names.has(text)) return text
      return this.#names.has(text.toLowerCase()) ? OTHER_SPELLING : undefined
    }
    const text = unescaped(name.json.toString('utf8', name.from, name.to))
    return text === undefined || this.#names.has(fold(text)) ? OTHER_SPELLING : undefined
  }
}

/**
 * Whether each name of a body is either exactly a known one, or no spelling of one.
 * @param canonical where no object has a duplicate name.
 */
export function isSpelledOneWay(
  canonical: Uint8Array,
  known: Readonly<Record<NameOwner, KnownNames>>,
): boolean {
  const isFine = (name: NameBytes, owner: NameOwner) => known[owner].find(name) !== OTHER_SPELLING
  return everyName(Body.of(canonical), 0, isFine)
}

/** Whether every byte is a plain character. */
function isPlain({ json, from, to }: NameBytes): boolean {
  for (let i = from; i < to; i += 1) {
    const byte = json[i] ?? BACKSLASH
    if (byte >= 0x80 || byte === BACKSLASH) return false
  }
  return true
}

/** To upper case first, because that turns U+017F and the dotless U+0131 into ASCII letters. */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase()
}

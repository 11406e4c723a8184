/**
 * A JSON document (RFC 8259) with other values: the same structure, white space and length. `true`, `false` and
 * `null` stay, since their lengths give them away.
 */
import { maxDepth } from '../inngest/jcs/canonical-json.ts'
import { fillLiteral, respell } from './json-text.ts'
import { replaceNames } from './member-names.ts'
import { fillNumber } from './number.ts'

/** What a value becomes that is not simply filled, by where it is; undefined to fill it. */
export type Replace = (path: readonly string[], value: string) => string | undefined

/** @returns undefined if the text is not JSON. @throws Unredactable */
export function redactDocument(text: string, replace: Replace): string | undefined {
  const redactor = new DocumentRedactor(text, replace)
  return redactor.redact()
}

const BLANK = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** Fifteen digits are exact as a double. */
const EXACT_INTEGER = /^-?\d{1,15}$/
const WORD = /true|false|null/y
/** Plain characters of a string. In steps: a long repetition of a group would need a long stack. */
const PLAIN = /[^"\\\u0000-\u001f]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** Deeper names are not looked at. */
const PATH_LENGTH = 2

class DocumentRedactor {
  readonly #text: string
  readonly #replace: Replace
  readonly #path: string[] = []
  readonly #written: string[] = []
  #at = 0

  constructor(text: string, replace: Replace) {
    this.#text = text
    this.#replace = replace
  }

  redact(): string | undefined {
    this.#copy(BLANK)
    if (!this.#takeValue(1) || this.#at !== this.#text.length) return undefined
    return this.#written.join('')
  }

  /** With the white space behind it. @returns false if there is none. */
  #takeValue(depth: number): boolean {
    const character = this.#text[this.#at]
    let isTaken: boolean
    if (character === '{') isTaken = depth <= maxDepth && this.#takeObject(depth)
    else if (character === '[') isTaken = depth <= maxDepth && this.#takeArray(depth)
    else if (character === '"') isTaken = this.#takeString()
    else isTaken = this.#copy(WORD) !== '' || this.#takeNumber()
    this.#copy(BLANK)
    return isTaken
  }

  #takeObject(depth: number): boolean {
    this.#takeCharacter('{')
    if (this.#takeCharacter('}')) return true
    const names: string[] = []
    const places: number[] = []
    do {
      const name = this.#literal()
      if (name === undefined) return false
      names.push(name)
      places.push(this.#written.length)
      this.#written.push('')
      this.#copy(BLANK)
      if (!this.#takeCharacter(':')) return false
      if (depth <= PATH_LENGTH) this.#path.push(name)
      if (!this.#takeValue(depth + 1)) return false
      if (depth <= PATH_LENGTH) this.#path.pop()
    } while (this.#takeCharacter(','))
    const replaced = replaceNames(names)
    for (const [i, place] of places.entries()) {
      this.#written[place] = `"${replaced.get(names[i] ?? '') ?? ''}"`
    }
    return this.#takeCharacter('}')
  }

  #takeArray(depth: number): boolean {
    this.#takeCharacter('[')
    if (this.#takeCharacter(']')) return true
    if (depth <= PATH_LENGTH) this.#path.push('[]')
    do if (!this.#takeValue(depth + 1)) return false
    while (this.#takeCharacter(','))
    if (depth <= PATH_LENGTH) this.#path.pop()
    return this.#takeCharacter(']')
  }

  #takeString(): boolean {
    const literal = this.#literal()
    if (literal === undefined) return false
    const replacement = this.#replace(this.#path, JSON.parse(`"${literal}"`) as string)
    const text = replacement === undefined ? fillLiteral(literal) : respell(literal, replacement)
    this.#written.push(`"${text}"`)
    return true
  }

  #takeNumber(): boolean {
    const number = this.#match(NUMBER)
    if (number === '') return false
    const isInteger = EXACT_INTEGER.test(number)
    const replaced = isInteger ? this.#replace(this.#path, number) : undefined
    this.#written.push(replaced ?? fillNumber(number))
    return true
  }

  /** @returns what is between the quotes of the string that begins here. */
  #literal(): string | undefined {
    if (this.#text[this.#at] !== '"') return undefined
    const start = (this.#at += 1)
    do this.#match(PLAIN)
    while (this.#match(ESCAPE) !== '')
    const end = this.#at
    if (this.#text[end] !== '"') return undefined
    this.#at += 1
    return this.#text.slice(start, end)
  }

  /** With the white space behind it. */
  #takeCharacter(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    this.#written.push(character)
    this.#copy(BLANK)
    return true
  }

  #copy(pattern: RegExp): string {
    const text = this.#match(pattern)
    this.#written.push(text)
    return text
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [text = ''] = pattern.exec(this.#text) ?? []
    this.#at += text.length
    return text
  }
}

/**
 * Values that YAML reads differently than their author meant: an address that ends in a colon becomes a
 * mapping, `*.example.com` an alias, `0x10` a number. The messages say what YAML read and what to write.
 */
import { isPair, isSeq, isScalar, visit, type Document, type Node, type Pair } from 'yaml'

import { quotable } from '../../redact/safe-text.ts'
import { isSecretPath } from '../problem.ts'

export interface Trap {
  readonly path: readonly PropertyKey[]
  /** Its position in the text. */
  readonly offset: number
  readonly expected: string
  readonly found: string
}

/** The parser's error codes in terms of a configuration. */
const SYNTAX: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab as indentation: write spaces',
  MULTIPLE_DOCS: 'a second document (---): a file holds one configuration',
  BAD_INDENT:
    'a line that begins in the wrong column, or a bracket that is not closed: begin all keys of one mapping in the same column',
  BLOCK_AS_IMPLICIT_KEY:
    'a key in the wrong column, or a second ": " or a final ":" in one value: begin all keys of one mapping in the same column, and write such a value in quotes',
  MULTILINE_IMPLICIT_KEY: 'a line without a space after the colon of its key: write key: value',
  BAD_SCALAR_START: 'a value that begins with @, ` or %: write it in quotes',
  TAG_RESOLVE_FAILED: 'a tag, since a value that begins with ! is one: write the value in quotes',
  BAD_ALIAS: 'an alias, since a value that begins with * is one: write the value in quotes',
  MISSING_CHAR:
    'a line that is no "key: value", or a quote that is not closed: write a space after the colon, and close the quotes',
}

/** @param code of the `yaml` package. */
export function describeSyntax(code: string): string {
  return SYNTAX[code] ?? code.toLowerCase().replaceAll('_', ' ')
}

const PLAIN_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/

/** Values that are valid YAML, but were read as something else than their text suggests. */
export function trapsIn(document: Document): Trap[] {
  const traps: Trap[] = []
  visit(document, {
    Alias: (_, node, ancestors) => {
      if (node.source === '' || node.resolve(document) !== undefined) return
      traps.push(trap(node, ancestors, 'valid YAML', SYNTAX['BAD_ALIAS'] ?? ''))
    },
    Scalar: (position, node, ancestors) => {
      if (position === 'key') return
      const path = pathOf(node, ancestors)
      const source = node.source ?? ''
      if (node.value === null && node.anchor !== undefined) {
        const found = 'an anchor of nothing, since a value that begins with & is one'
        traps.push(trap(node, ancestors, 'a value', `${found}: write the value in quotes`))
      } else if (isOddNumber(node.value, source)) {
        const found = isSecretPath(path) ? 'a number' : describeNumber(node.value, source)
        traps.push(trap(node, ancestors, 'decimal digits, or a text in quotes', found))
      }
    },
  })
  return traps
}

/**
 * The result of YAML for a plain scalar, applied to a text from another source: a number, true or false, or the
 * text. Never null, and never a number that other parsers read differently.
 */
export function scalarOf(text: string): string | number | boolean {
  if (PLAIN_NUMBER.test(text)) return Number(text)
  if (/^(?:true|True|TRUE)$/.test(text)) return true
  return /^(?:false|False|FALSE)$/.test(text) ? false : text
}

/** Hexadecimal, octal, with an exponent, a sign or a leading zero: other parsers read another number. */
function isOddNumber(value: unknown, source: string): value is number {
  return typeof value === 'number' && source !== '' && !PLAIN_NUMBER.test(source)
}

function describeNumber(value: number, source: string): string {
  const written = quotable(source, 40)
  return `${written}, which YAML reads as the number ${String(value)}: write ${String(value)}, or "${written}"`
}

type Ancestors = readonly (Document | Node | Pair)[]

function trap(node: Node, ancestors: Ancestors, expected: string, found: string): Trap {
  return { path: pathOf(node, ancestors), offset: node.range?.[0] ?? 0, expected, found }
}

/** The keys and indices that lead to a node. */
export function pathOf(node: Node, ancestors: Ancestors): PropertyKey[] {
  return ancestors.flatMap((parent, i): PropertyKey[] => {
    const child = ancestors[i + 1] ?? node
    if (isSeq(parent)) return [parent.items.indexOf(child)]
    if (!isPair(parent)) return []
    return [isScalar(parent.key) ? String(parent.key.value) : '?']
  })
}

/** A placeholder of a shell, Helm or a CI system; variables.ts handles `${NAME}`. */
const VARIABLE = /\{\{.*?\}\}|\$\([^)]*\)|^\$[A-Za-z_]\w*$/

export function isUnexpanded(text: string): boolean {
  return VARIABLE.test(text)
}

export const UNEXPANDED = 'which is not expanded: write ${NAME}, or the value itself'

/**
 * @param kind the type that the schema expects: `string`, `number`, `boolean`, `object`, `array`, or another
 * word.
 * @returns why YAML read the value in this way, and what to write instead; undefined if that is obvious.
 */
export function explainValue(value: unknown, kind: string): string | undefined {
  if (value === null) {
    return 'which is what YAML reads in ~, null and an empty value: write a value, or leave the key out'
  }
  if (typeof value === 'string') return explainText(value, kind)
  if (kind === 'string' && typeof value === 'object') return explainMapping(value)
  if (kind === 'string') return `a ${typeof value} to YAML: write it in quotes`
  return undefined
}

function explainText(text: string, kind: string): string | undefined {
  if (isUnexpanded(text)) return UNEXPANDED
  if (kind === 'boolean') return explainWord(text)
  if (kind === 'number' || kind === 'int') return explainDigits(text)
  const isMapping = kind === 'object' || kind === 'array'
  if (isMapping && /^[\w.-]+:\S/.test(text)) {
    return 'which is one text, as no space follows the colon: write key: value'
  }
  if (kind === 'array' && /^[\w./:-]+$/.test(text)) {
    return `which is no list: write [${quotable(text, 60)}]`
  }
  return undefined
}

function explainWord(text: string): string | undefined {
  if (/^(?:yes|on|y)$/i.test(text)) return 'which is a text in YAML 1.2: write true'
  if (/^(?:no|off|n)$/i.test(text)) return 'which is a text in YAML 1.2: write false'
  if (/^(?:true|false)$/i.test(text)) return `a text in quotes: write ${text.toLowerCase()}`
  return undefined
}

function explainDigits(text: string): string | undefined {
  if (/^\d+$/.test(text)) return `a text in quotes: write ${quotable(text, 20)}`
  if (/^\d[\d_,' ]*\d$/.test(text)) {
    return `which is a text: write ${quotable(text.replace(/\D/g, ''), 20)}`
  }
  if (/^\d+(?::\d+)+$/.test(text)) return 'which is a text in YAML 1.2: write one number'
  if (/^0[bB][01]+$/.test(text)) return 'which is a text in YAML 1.2: write decimal digits'
  if (/^\d+\s*[A-Za-z]+$/.test(text)) {
    return 'which is a text: write the number alone'
  }
  return undefined
}

/** YAML reads `fd00::` as the key `fd00:` of a mapping. */
function explainMapping(value: object): string | undefined {
  const [[key, inner] = [], ...others] = Object.entries(value) as [string, unknown][]
  if (key === undefined || inner !== null || others.length > 0) return undefined
  const written = quotable(`${key}:`, 60)
  return `as YAML takes a colon at the end for that of a key: write "${written}" in quotes`
}

/** @returns why YAML read such a key, and what to write instead. */
export function explainKey(key: string, value: unknown): string | undefined {
  if (key === '<<') {
    return 'a merge key, which YAML 1.2 does not have: write out the keys that it stands for'
  }
  if (key.includes('${')) return 'a key with a variable, which is expanded in values only'
  if (value === null && /^[\w.-]+:\S/.test(key)) {
    return 'a key without a space after its colon: write key: value'
  }
  return undefined
}

/** Converts YAML text to a plain value, strictly, with the line of every path. */
import { isNode, LineCounter, parseDocument, visit, type Document, type YAMLError } from 'yaml'

import { describeFound, formatPath, type Problem } from '../problem.ts'
import { describeSyntax, pathOf, trapsIn } from './yaml-traps.ts'

export interface YamlReading {
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Whether `value` is as the author meant it, except for duplicate keys. If false, it may be any value. */
  readonly isReadable: boolean
  /** The line of the value at `path`, or of the nearest value around it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined
  /** Whether there is a value at `path` itself. */
  readonly has: (path: readonly PropertyKey[]) => boolean
}

/** A configuration needs no aliases. A few are harmless, many are a YAML bomb. */
const MAX_ALIASES = 100

export function readYaml(file: string, text: string): YamlReading {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    // The caller reports problems, instead of a process warning.
    logLevel: 'error',
  })
  const errors = [...document.errors, ...document.warnings].filter(isFirstOfVariable(text, lines))
  const problems = errors.map((error) => ({
    file,
    line: lines.linePos(error.pos[0]).line,
    path: '',
    ...describe(error, document, lineAt(text, error.pos[0])),
  }))
  const traps = trapsIn(document).map(({ path, offset, expected, found }) => ({
    file,
    line: lines.linePos(offset).line,
    path: formatPath(path),
    expected,
    found,
  }))
  const { value, problem } = toValue(file, document, traps.length + errors.length > 0)
  return {
    value,
    problems: [...problems, ...traps, ...(problem === undefined ? [] : [problem])],
    isReadable: value !== UNREADABLE && errors.every(isDoubledKey),
    lineOf: (path) => lineOf(document, lines, path),
    has: (path) => document.hasIn(path),
  }
}

function isDoubledKey({ code }: YAMLError): boolean {
  return code === 'DUPLICATE_KEY'
}

function describe(
  error: YAMLError,
  document: Document,
  line: string,
): { expected: string; found: string } {
  if (isBareVariable(error, line)) {
    const found = 'a variable between braces or brackets: write "${NAME}" in quotes'
    return { expected: 'valid YAML', found }
  }
  if (!isDoubledKey(error)) {
    return { expected: 'valid YAML', found: describeSyntax(error.code) }
  }
  return { expected: 'each key once', found: `${keyAt(document, error.pos[0])} again` }
}

/** `{ port: ${PORT} }`, where YAML reads the inner brace as a mapping. */
function isBareVariable({ code }: YAMLError, line: string): boolean {
  const isCode = code === 'UNEXPECTED_TOKEN' || code === 'MISSING_CHAR'
  return isCode && /[[{](?:[^"'$]|\$(?!\{))*\$\{/.test(line)
}

/** One such variable causes several errors. */
function isFirstOfVariable(text: string, lines: LineCounter): (error: YAMLError) => boolean {
  const seen = new Set<number>()
  return (error) => {
    if (!isBareVariable(error, lineAt(text, error.pos[0]))) return true
    const { line } = lines.linePos(error.pos[0])
    const isFirst = !seen.has(line)
    seen.add(line)
    return isFirst
  }
}

/** The text of the line, up to `offset`. */
function lineAt(text: string, offset: number): string {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 1)
}

/** @param offset of the start of the key. */
function keyAt(document: Document, offset: number): string {
  let found = 'a key'
  visit(document, {
    Scalar: (position, node, ancestors) => {
      if (position !== 'key' || node.range?.[0] !== offset) return
      found = describeFound(node.value, pathOf(node, ancestors.slice(0, -1)))
    },
  })
  return found
}

const UNREADABLE = Symbol('unreadable')

/** @param isExplained whether another problem that can be the cause was reported. */
function toValue(
  file: string,
  document: Document,
  isExplained: boolean,
): { value: unknown; problem?: Problem } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    if (!isWithinItself(value)) return { value }
    const found = 'an alias inside its own anchor'
    const problem = { file, line: undefined, path: '', expected: 'valid YAML', found }
    return { value: UNREADABLE, problem }
  } catch {
    if (isExplained) return { value: UNREADABLE }
    const found = `more than ${String(MAX_ALIASES)} aliases`
    const problem = { file, line: undefined, path: '', expected: 'valid YAML', found }
    return { value: UNREADABLE, problem }
  }
}

/** YAML allows a value that contains itself. Code that traverses such a value would never end. */
function isWithinItself(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (around.includes(value)) return true
  return Object.values(value).some((member) => isWithinItself(member, [...around, value]))
}

function lineOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown =
      length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

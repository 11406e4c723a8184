/** YAML text to a plain value, strictly, with the line of every path. */
import { isNode, LineCounter, parseDocument, visit, type Document, type YAMLError } from 'yaml'

import { describeFound, type Problem } from './problem.ts'

export interface YamlReading {
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Whether `value` is what was meant, but for a key that is doubled; otherwise it may be anything. */
  readonly isReadable: boolean
  /** The line of the value at `path`, or of the nearest thing around it that is there. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined
  /** Whether something stands at `path` itself. */
  readonly has: (path: readonly PropertyKey[]) => boolean
}

/** A configuration has no use for aliases; a few do no harm, many are a bomb. */
const MAX_ALIASES = 100

export function readYaml(file: string, text: string): YamlReading {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    // What is wrong is said by the caller, not by a warning of the process.
    logLevel: 'error',
  })
  const errors = [...document.errors, ...document.warnings]
  const problems = errors.map((error) => ({
    file,
    line: lines.linePos(error.pos[0]).line,
    path: '',
    ...describe(error, document),
  }))
  const { value, problem } = toValue(file, document)
  return {
    value,
    problems: problem === undefined ? problems : [...problems, problem],
    isReadable: problem === undefined && errors.every(isDoubledKey),
    lineOf: (path) => lineOf(document, lines, path),
    has: (path) => document.hasIn(path),
  }
}

function isDoubledKey({ code }: YAMLError): boolean {
  return code === 'DUPLICATE_KEY'
}

function describe(error: YAMLError, document: Document): { expected: string; found: string } {
  if (!isDoubledKey(error)) {
    return { expected: 'valid YAML', found: error.code.toLowerCase().replaceAll('_', ' ') }
  }
  const key = describeFound(keyAt(document, error.pos[0]), [])
  return { expected: 'each key once', found: `${key} again` }
}

/** @param offset where the key begins. */
function keyAt(document: Document, offset: number): unknown {
  let found: unknown
  visit(document, {
    Scalar: (key, { range, value }) => {
      if (key === 'key' && range?.[0] === offset) found = value
    },
  })
  return found
}

function toValue(file: string, document: Document): { value?: unknown; problem?: Problem } {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) }
  } catch {
    const found = `an alias of nothing, or more than ${String(MAX_ALIASES)} of them`
    return { problem: { file, line: undefined, path: '', expected: 'valid YAML', found } }
  }
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

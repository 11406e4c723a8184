/** YAML text to a plain value, strictly, with the line of every path. */
import { isNode, LineCounter, parseDocument, type Document } from 'yaml'

import type { Problem } from './problem.ts'

export interface YamlReading {
  readonly value: unknown
  readonly problems: readonly Problem[]
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
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    file,
    line: lines.linePos(error.pos[0]).line,
    path: '',
    expected: error.code === 'DUPLICATE_KEY' ? 'each key once' : 'valid YAML',
    found:
      error.code === 'DUPLICATE_KEY'
        ? 'a key doubled'
        : error.code.toLowerCase().replaceAll('_', ' '),
  }))
  return {
    value: toValue(document),
    problems,
    lineOf: (path) => lineOf(document, lines, path),
    has: (path) => document.hasIn(path),
  }
}

function toValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch {
    return undefined
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

/** One file of the configuration after reading: its value with expanded variables, and the place of each part. */
import { isUtf8 } from 'node:buffer'

import { formatPath, problemAt, type Place, type Problem } from '../problem.ts'
import { readPlainFile, whyUnreadable } from './read-file.ts'
import { readYaml, type YamlReading } from './read-yaml.ts'
import type { Environment } from './resolve-keys.ts'
import { expandTexts, type Expansion } from './variables.ts'

/** A file, or a replacement for one. */
export interface Source {
  readonly file: string
  readonly value: unknown
  readonly has: YamlReading['has']
  readonly lineOf: YamlReading['lineOf']
  readonly expansionAt: (path: readonly PropertyKey[]) => (Expansion & { ok: true }) | undefined
  readonly problems: readonly Problem[]
  readonly isReadable: boolean
}

export function readSource(file: string, env: Environment): Source {
  const reading = readText(file)
  if (!reading.ok) return unreadable(file, reading)
  const yaml = readYaml(file, reading.text)
  const problems = [...yaml.problems]
  const expansions = new Map<string, Expansion & { ok: true }>()
  const value = expandTexts(yaml.isReadable ? yaml.value : undefined, env, (keys, expansion) => {
    if (expansion.ok) expansions.set(formatPath(keys), expansion)
    else problems.push(problemAt({ file, line: yaml.lineOf(keys), path: keys }, expansion))
  })
  const expansionAt = (keys: readonly PropertyKey[]) => expansions.get(formatPath(keys))
  const { has, lineOf, isReadable } = yaml
  return { file, value, has, lineOf, expansionAt, problems, isReadable }
}

type TextReading =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly expected: string; readonly found: string }

function readText(file: string): TextReading {
  let bytes: Buffer
  try {
    bytes = readPlainFile(file)
  } catch (error) {
    return { ok: false, expected: 'a readable file', found: whyUnreadable(error) }
  }
  if (isUtf8(bytes) && !bytes.includes(0)) return { ok: true, text: bytes.toString('utf8') }
  const found = 'another encoding, such as UTF-16: save it as UTF-8'
  return { ok: false, expected: 'a file in UTF-8', found }
}

function unreadable(file: string, problem: Pick<Problem, 'expected' | 'found'>): Source {
  const nothing = { value: undefined, has: () => false, lineOf: () => undefined }
  const problems = [problemAt({ file, line: undefined, path: [] }, problem)]
  return { file, ...nothing, expansionAt: () => undefined, problems, isReadable: false }
}

export function placeIn(source: Source, keys: readonly PropertyKey[]): Place {
  const { file, has, lineOf, expansionAt } = source
  // A main file without routes of its own gets them by `include`.
  const isByInclude = keys.length === 1 && keys[0] === 'routes' && !has(keys) && has(['include'])
  const line = lineOf(isByInclude ? ['include'] : keys)
  const variables = expansionAt(keys)?.variables ?? []
  return { file, line, path: keys, variables }
}

/** For `print-config`. */
export function originIn(source: Source, keys: readonly PropertyKey[]): string | undefined {
  if (!source.has(keys)) return undefined
  const line = source.lineOf(keys)
  const { variables = [], defaults = [] } = source.expansionAt(keys) ?? {}
  return [
    line === undefined ? source.file : `${source.file}:${String(line)}`,
    ...variables.map((name) => `environment ${name}`),
    ...defaults.map((name) => `default of \${${name}}`),
  ].join(', ')
}

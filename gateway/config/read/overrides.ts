/** `--set key=value`: values of the command line, which override those of the files. */
import { isScalar, parseDocument } from 'yaml'

import { quotable } from '../../redact/safe-text.ts'
import { isMapping } from '../cross-checks.ts'
import { didYouMean } from '../nearest.ts'
import { formatPath, problemAt, type Place, type Problem } from '../problem.ts'
import type { Environment } from './resolve-keys.ts'
import { takesText } from './schema-keys.ts'
import { expandText } from './variables.ts'
import { scalarOf } from './yaml-traps.ts'

/** Values of the command line, which override those of the files. */
export interface Overrides {
  /** `--port`, as written. */
  readonly port?: string
  /** Each `--set`, as written. */
  readonly set?: readonly string[]
}

/** A value that `--set` has put into the configuration. */
export interface SetValue {
  readonly path: readonly PropertyKey[]
  readonly place: Place
}

export interface OverriddenValue {
  readonly value: unknown
  readonly sets: readonly SetValue[]
  readonly problems: readonly Problem[]
}

/** @param value includes the routes of included files. A later `--set` of a key takes precedence. */
export function withSets(
  value: unknown,
  texts: readonly string[],
  env: Environment,
): OverriddenValue {
  let next = value
  const sets: SetValue[] = []
  const problems: Problem[] = []
  for (const text of texts) {
    const reading = readSet(text, next, env)
    if (reading.ok) {
      next = putAt(next, reading.path, reading.value)
      sets.push(reading)
    } else {
      problems.push(problemAt(reading.place, reading))
    }
  }
  return { value: next, sets, problems }
}

export function isSet(sets: readonly SetValue[], path: readonly PropertyKey[]): boolean {
  return sets.some((each) => formatPath(each.path) === formatPath(path))
}

type SetReading =
  | (SetValue & { readonly ok: true; readonly value: unknown })
  | {
      readonly ok: false
      readonly place: Place
      readonly expected: string
      readonly found: string
    }

const SYNTAX = 'a key, = and a value, such as limits.maxConnections=500'

function readSet(text: string, value: unknown, env: Environment): SetReading {
  const place: Place = { file: 'command line', line: undefined, path: [], option: '--set' }
  const equals = text.indexOf('=')
  // A text without a key may be a secret, so it is not shown.
  if (equals === -1) return { ok: false, place, expected: SYNTAX, found: 'no =' }
  const keys = parseKeys(text.slice(0, equals))
  if (keys === undefined) {
    const found = `the key ${quotable(text.slice(0, equals), 60)}`
    return { ok: false, place, expected: SYNTAX, found }
  }
  const own = { ...place, path: keys }
  const resolved = resolve(keys, value)
  if (!resolved.ok) return { ...resolved, place: own }
  const { path } = resolved
  const scalar = readScalar(text.slice(equals + 1), path)
  if (!scalar.ok) return { ...scalar, place: own }
  const expansion =
    typeof scalar.value === 'string' ? expandText(scalar.value, path, env) : undefined
  if (expansion === undefined) return { ok: true, path, value: scalar.value, place: own }
  if (!expansion.ok) return { ...expansion, place: own }
  const { variables } = expansion
  return { ok: true, path, value: expansion.value, place: { ...own, variables } }
}

/** `routes.billing.signingKeys[0].env`: keys, indices, and a route by its name. */
function parseKeys(text: string): PropertyKey[] | undefined {
  if (!/^[A-Za-z][\w-]*(?:\.[\w-]+|\[\d{1,6}\])*$/.test(text)) return undefined
  return [...text.matchAll(/\[(\d+)\]|[\w-]+/g)].map(([key, index]) =>
    index === undefined ? key : Number(index),
  )
}

type Resolution =
  | { readonly ok: true; readonly path: readonly PropertyKey[] }
  | { readonly ok: false; readonly expected: string; readonly found: string }

/** Replaces the name of a route with its index. */
function resolve(keys: readonly PropertyKey[], value: unknown): Resolution {
  if (keys[0] === 'include') {
    const expected = 'include only in the file, since its paths are relative to the file'
    return { ok: false, expected, found: 'it on the command line' }
  }
  const path: PropertyKey[] = []
  let inner = value
  for (const key of keys) {
    const step = formatPath(path) === 'routes' ? routeStep(key, inner) : stepInto(key, inner)
    if (!step.ok) return step
    path.push(step.key)
    inner = memberOf(inner, step.key)
  }
  return { ok: true, path }
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  if (Array.isArray(value)) return value[Number(key)] as unknown
  return isMapping(value) && Object.hasOwn(value, key) ? value[String(key)] : undefined
}

type Step =
  | { readonly ok: true; readonly key: PropertyKey }
  | { readonly ok: false; readonly expected: string; readonly found: string }

function routeStep(key: PropertyKey, routes: unknown): Step {
  const list: unknown[] = Array.isArray(routes) ? routes : []
  const index = typeof key === 'number' ? key : list.findIndex((route) => nameOf(route) === key)
  if (index >= 0 && index < list.length) return { ok: true, key: index }
  const names = list.map(nameOf).filter((name) => name !== undefined)
  const expected = `the name of a route, one of ${names.join(', ')}`
  const found = typeof key === 'number' ? `only ${String(list.length)} routes` : 'no such route'
  return { ok: false, expected, found: `${found}${didYouMean(String(key), names)}` }
}

function nameOf(route: unknown): string | undefined {
  const name = isMapping(route) ? route['name'] : undefined
  return typeof name === 'string' ? name : undefined
}

function stepInto(key: PropertyKey, value: unknown): Step {
  if (Array.isArray(value) && typeof key !== 'number') {
    return {
      ok: false,
      expected: 'an index such as [0], since this is a list',
      found: `.${String(key)}`,
    }
  }
  if (isMapping(value) && typeof key === 'number') {
    return { ok: false, expected: 'a key, since this is a mapping', found: `[${String(key)}]` }
  }
  const length = Array.isArray(value) ? value.length : 0
  if (typeof key === 'number' && key > length) {
    const expected = `at most [${String(length)}], which adds an entry`
    return { ok: false, expected, found: `[${String(key)}]` }
  }
  return { ok: true, key }
}

type ScalarReading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly expected: string; readonly found: string }

/** Read like a YAML scalar, but a key that only allows a text gets a text. */
function readScalar(text: string, path: readonly PropertyKey[]): ScalarReading {
  const expected =
    'a single value; entries of a list are set one by one, as in allowlist[0]=inngest'
  if (/^\s*[[{]/.test(text)) return { ok: false, expected, found: 'a list or a mapping' }
  if (!/^\s*["']/.test(text)) {
    return { ok: true, value: takesText(path) ? text : scalarOf(text.trim()) }
  }
  const { contents, errors } = parseDocument(text, { logLevel: 'error' })
  if (errors.length > 0 || !isScalar(contents)) {
    return { ok: false, expected: 'a closing quote at the end', found: 'none' }
  }
  return { ok: true, value: contents.value }
}

function putAt(value: unknown, [key, ...rest]: readonly PropertyKey[], leaf: unknown): unknown {
  if (key === undefined) return leaf
  if (typeof key === 'number') {
    const list: unknown[] = Array.isArray(value) ? value : []
    return list.toSpliced(key, 1, putAt(list[key], rest, leaf))
  }
  const mapping = isMapping(value) ? value : {}
  return { ...mapping, [key]: putAt(memberOf(mapping, key), rest, leaf) }
}

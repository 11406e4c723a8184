/**
 * The configuration as written: the main file, the included files, and `--set`, merged to one value with the
 * source of each part.
 */
import { isMapping } from '../cross-checks.ts'
import { isSecretPath, problemAt, type Locate, type Place, type Problem } from '../problem.ts'
import { readIncluded, type Included } from './included.ts'
import { isSet, withSets, type SetValue } from './overrides.ts'
import type { Environment } from './resolve-keys.ts'
import { originIn, placeIn, readSource, type Source } from './source.ts'

/** @returns where the value at a path was set, for `print-config`; undefined if it is a default. */
export type OriginOf = (path: readonly PropertyKey[]) => string | undefined

export interface Written {
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Whether `value` is as its author meant it, as far as YAML is concerned. */
  readonly isReadable: boolean
  /** The main file and the included ones, whether or not they could be read. */
  readonly files: readonly string[]
  /** Patterns of `include`: a new file may match them. */
  readonly patterns: readonly string[]
  readonly locate: Locate
  readonly originOf: OriginOf
  readonly isSet: (path: readonly PropertyKey[]) => boolean
}

/** The file of a route, and its index there. */
interface RouteOrigin {
  readonly source: Source
  readonly index: number
}

const NOTHING: Included = { sources: [], patterns: [], problems: [] }

export function readWritten(file: string, env: Environment, set: readonly string[]): Written {
  const main = readSource(file, env)
  const { sources, patterns, problems } = main.isReadable ? readIncluded(main, env) : NOTHING
  const merged = merge(main, sources)
  const layered = layer(main, merged, set, env)
  return {
    ...layered,
    problems: [
      ...[main, ...sources].flatMap((each) => each.problems),
      ...problems,
      ...merged.problems,
      ...layered.problems,
    ],
    isReadable: [main, ...sources].every(({ isReadable }) => isReadable),
    files: [main, ...sources].map((each) => each.file),
    patterns,
  }
}

/** The same for a configuration from `--upstream` and the environment. */
export function writtenBy(value: object, env: Environment, set: readonly string[]): Written {
  const main: Source = {
    file: 'command line',
    value,
    has: (keys) => valueAt(value, keys) !== undefined,
    lineOf: () => undefined,
    expansionAt: () => undefined,
    problems: [],
    isReadable: true,
  }
  const layered = layer(main, merge(main, []), set, env)
  return { ...layered, isReadable: true, files: [], patterns: [] }
}

interface Merged {
  readonly value: unknown
  readonly routes: readonly RouteOrigin[]
  readonly problems: readonly Problem[]
}

/** The routes of the main file come first. */
function merge(main: Source, included: readonly Source[]): Merged {
  const { value } = main
  const own = isMapping(value) ? (value['routes'] ?? []) : undefined
  const hasInclude = isMapping(value) && value['include'] !== undefined
  if (!Array.isArray(own)) return { value, routes: [], problems: [] }
  const routes = [main, ...included].flatMap((source) =>
    routesOf(source).map((route, index) => ({ route, source, index })),
  )
  if (!hasInclude) return { value, routes, problems: [] }
  const expected = 'at least one entry, in the main file or in an included one'
  const none = { expected, found: `none in ${String(included.length + 1)} files` }
  return {
    value: { ...(value as object), routes: routes.map(({ route }) => route) },
    routes,
    problems: routes.length === 0 ? [problemAt(placeIn(main, ['routes']), none)] : [],
  }
}

function routesOf({ value }: Source): unknown[] {
  const routes = isMapping(value) ? value['routes'] : undefined
  return Array.isArray(routes) ? routes : []
}

type Layered = Pick<Written, 'value' | 'locate' | 'originOf' | 'isSet' | 'problems'>

function layer(main: Source, merged: Merged, set: readonly string[], env: Environment): Layered {
  const { value, sets, problems } = withSets(merged.value, set, env)
  const sourceOf = (keys: readonly PropertyKey[]) => sourceAt(main, merged.routes, keys)
  return {
    value,
    problems,
    locate: (keys) => {
      const [source, own] = sourceOf(keys)
      const given = setAround(sets, keys) ?? setWithin(sets, keys, source.has(own))
      return given ? placeOfSet(given, keys) : placeIn(source, own)
    },
    originOf: (keys) =>
      setAround(sets, keys) ? 'command line --set' : originIn(...sourceOf(keys)),
    isSet: (keys) => isSet(sets, keys),
  }
}

/** @returns the file of a value, and the path of the value in that file. */
function sourceAt(
  main: Source,
  routes: readonly RouteOrigin[],
  keys: readonly PropertyKey[],
): [Source, readonly PropertyKey[]] {
  const [root, index, ...rest] = keys
  const origin = root === 'routes' && typeof index === 'number' ? routes[index] : undefined
  return origin === undefined ? [main, keys] : [origin.source, ['routes', origin.index, ...rest]]
}

/** The last `--set` of the value, or of a mapping around it. */
function setAround(sets: readonly SetValue[], keys: readonly PropertyKey[]): SetValue | undefined {
  return sets.findLast((each) => each.path.every((key, i) => key === keys[i]))
}

/**
 * The `--set` that set a value or a part of it, such as a reference to a secret: the whole value is one
 * mistake.
 */
function setWithin(
  sets: readonly SetValue[],
  keys: readonly PropertyKey[],
  isInFile: boolean,
): SetValue | undefined {
  if (keys.length === 0 || (isInFile && !isSecretPath(keys))) return undefined
  return sets.findLast((each) => keys.every((key, i) => key === each.path[i]))
}

function placeOfSet({ path: own, place }: SetValue, keys: readonly PropertyKey[]): Place {
  return { ...place, path: [...place.path, ...keys.slice(own.length)] }
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  )
}

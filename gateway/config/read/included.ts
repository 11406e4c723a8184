/** The files in `include`. An included file may have routes only. */
import { readdirSync } from 'node:fs'
import path from 'node:path'

import { isMapping } from '../cross-checks.ts'
import { didYouMean } from '../nearest.ts'
import { describeFound, problemAt, type Problem } from '../problem.ts'
import { isPattern, matchingNames, patternProblem } from './include-pattern.ts'
import { whyUnreadable } from './read-file.ts'
import type { Environment } from './resolve-keys.ts'
import { knownKeys } from './schema-keys.ts'
import { placeIn, readSource, type Source } from './source.ts'

export interface Included {
  readonly sources: readonly Source[]
  readonly patterns: readonly string[]
  readonly problems: readonly Problem[]
}

/** More than is ever needed. Each is polled five times a second. */
const MAX_INCLUDED = 1000

/**
 * In the order of `include`, and within a pattern in the order of names. No file is read twice, and the main
 * file is not included.
 */
export function readIncluded(main: Source, env: Environment): Included {
  const entries = entriesOf(main)
  const listings = entries.map(listFiles)
  const problems = listings.flatMap((listing, i) =>
    listing.ok ? [] : [problemAt(placeIn(main, entries[i]?.keys ?? []), listing)],
  )
  const found = new Map([[path.resolve(main.file), main.file]])
  for (const file of listings.flatMap((listing) => (listing.ok ? listing.files : []))) {
    const own = path.resolve(file)
    if (!found.has(own)) found.set(own, file)
  }
  const [, ...files] = found.values()
  if (files.length > MAX_INCLUDED) {
    const expected = `at most ${String(MAX_INCLUDED)} included files`
    problems.push(problemAt(placeIn(main, ['include']), { expected, found: String(files.length) }))
  }
  const sources = files.slice(0, MAX_INCLUDED).map((file) => heldToRoutes(readSource(file, env)))
  const patterns = entries.map(({ pattern }) => pattern).filter(isPattern)
  return { sources, patterns, problems }
}

interface Entry {
  /** As written. */
  readonly entry: string
  /** Relative to the same folder as the name of the main file. */
  readonly pattern: string
  readonly keys: readonly PropertyKey[]
}

/** The schema reports entries that are not texts. */
function entriesOf({ file, value }: Source): Entry[] {
  const include = isMapping(value) ? value['include'] : undefined
  const entries: unknown[] = Array.isArray(include) ? include : [include]
  return entries.flatMap((entry, i) => {
    if (typeof entry !== 'string' || entry === '') return []
    const pattern = path.isAbsolute(entry) ? entry : path.join(path.dirname(file), entry)
    return { entry, pattern, keys: Array.isArray(include) ? ['include', i] : ['include'] }
  })
}

type Listing =
  | { readonly ok: true; readonly files: readonly string[] }
  | { readonly ok: false; readonly expected: string; readonly found: string }

/** A folder may be empty. A missing folder is misspelled, or a volume that is not mounted. */
function listFiles({ entry, pattern }: Entry): Listing {
  const wrong = patternProblem(entry)
  if (wrong !== undefined) {
    return { ok: false, expected: 'a path with * and ? in its last part only', found: wrong }
  }
  if (!isPattern(pattern)) return { ok: true, files: [pattern] }
  const folder = path.dirname(pattern)
  try {
    const names = matchingNames(pattern, readdirSync(folder))
    return { ok: true, files: names.map((name) => path.join(folder, name)) }
  } catch (error) {
    return { ok: false, expected: `a readable folder ${folder}`, found: whyUnreadable(error) }
  }
}

/** The same source, with a problem for each key other than `routes`. */
function heldToRoutes(source: Source): Source {
  if (!source.isReadable) return source
  const { value } = source
  const problem = (keys: readonly PropertyKey[], expected: string, found: string) =>
    problemAt(placeIn(source, keys), { expected, found })
  const own: Problem[] = []
  if (!isMapping(value)) {
    const found = value === null || value === undefined ? 'an empty file' : describeFound(value, [])
    own.push(problem([], 'a mapping with the key routes', found))
  } else {
    const others = Object.keys(value).filter((key) => key !== 'routes')
    own.push(...others.map((key) => problem([key], 'only routes in an included file', whyNot(key))))
    const { routes } = value
    if (!Array.isArray(routes) && (routes !== undefined || others.length === 0)) {
      own.push(problem(['routes'], 'a list', describeFound(routes, [])))
    }
  }
  return { ...source, problems: [...source.problems, ...own] }
}

function whyNot(key: string): string {
  if (key === 'include') return 'a further include: name its files in the main file'
  return knownKeys([]).includes(key)
    ? 'a key of the main file: move it there'
    : `an unknown key${didYouMean(key, ['routes'])}`
}

/** Checks a plain value against the schema and reports all problems. */
import type { z } from 'zod'
import { isMapping } from '../cross-checks.ts'
import { REDACTED } from '../../redact/redact-secrets.ts'
import { didYouMean } from '../nearest.ts'
import { describeFound, isSecretPath, problemAt, type Locate, type Problem } from '../problem.ts'
import { configSchema, type Config } from '../schema/config.ts'
import { toCode } from '../schema/code-names.ts'
import { describeRemovedKey } from './removed-keys.ts'
import { knownKeys, pathsOf } from './schema-keys.ts'
import { explainKey, explainValue } from './yaml-traps.ts'

export interface ShapeReading {
  readonly config: Config | undefined
  readonly problems: readonly Problem[]
}

export function checkShape(value: unknown, locate: Locate): ShapeReading {
  if (value === null || value === undefined) {
    const [expected, found] = ['a mapping with the key routes', 'an empty file']
    const place = { ...locate([]), line: undefined }
    return { config: undefined, problems: [problemAt(place, { expected, found })] }
  }
  const parsed = configSchema.safeParse(value, { reportInput: true })
  if (parsed.success) {
    // The included routes have been merged already.
    const { include: _, ...config } = parsed.data
    return { config: toCode(config), problems: [] }
  }
  const problems = parsed.error.issues.flatMap((issue) =>
    describe(issue, value).map(({ path, shownKey, ...problem }) =>
      problemAt(locate(path), problem, shownKey),
    ),
  )
  return { config: undefined, problems }
}

interface Description {
  readonly path: readonly PropertyKey[]
  /** Replaces the last part of the path, which may be a secret. */
  readonly shownKey?: string
  readonly expected: string
  readonly found: string
}

function describe(issue: z.core.$ZodIssue, root: unknown): Description[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path)
    // If a mapping needs one of several keys, no key can be named.
    const expected =
      known.length === 0 ? 'no keys other than the documented ones' : `one of ${known.join(', ')}`
    const parent = valueAt(root, issue.path)
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const removed = describeRemovedKey(path, valueAt(parent, [key]))
      if (removed !== undefined) return { path, ...removed }
      const isHidden = isSecretPath(issue.path) && isMapping(parent) && !isWord(key, parent)
      const found =
        explainKey(key, valueAt(parent, [key])) ??
        `an unknown key${isHidden ? '' : meantKey(key, known, issue.path)}`
      return { path, ...(isHidden && { shownKey: REDACTED }), expected, found }
    })
  }
  const value = valueAt(root, issue.path)
  const found = whichKeys(issue, value) ?? foundBy(issue, value)
  const kind = 'expected' in issue ? issue.expected : ''
  const why = isSecretPath(issue.path) ? undefined : explainValue(value, kind)
  const said = why === undefined ? `${found}${meantValue(issue, value)}` : `${found}, ${why}`
  return [{ path: issue.path, expected: expectedOf(issue), found: said }]
}

/** The most similar key in the same mapping, or the place where a key with this name belongs. */
function meantKey(key: string, known: readonly string[], path: readonly PropertyKey[]): string {
  const near = didYouMean(key, known)
  if (near !== '' || path.length > 0) return near
  const [elsewhere, ...others] = pathsOf(key)
  return elsewhere === undefined || others.length > 0
    ? ''
    : ` (did you mean ${elsewhere.slice(1)}?)`
}

/** A value that is not in the file is a default. */
function foundBy({ input, path }: z.core.$ZodIssue, value: unknown): string {
  return value === undefined && typeof input === 'string'
    ? `${describeFound(input, path)}, the default`
    : describeFound(value, path)
}

/** The most similar of the allowed words. */
function meantValue(issue: z.core.$ZodIssue, value: unknown): string {
  if (typeof value !== 'string' || isSecretPath(issue.path)) return ''
  return didYouMean(value, wordsOf(issue))
}

function wordsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(wordsOf)
  if (issue.code !== 'invalid_value') return []
  return issue.values.filter((word) => typeof word === 'string')
}

/** @returns the wrong keys, if a mapping needs one of several. */
function whichKeys(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  if (issue.code !== 'invalid_union' || !isMapping(value)) return undefined
  const unknown = issue.errors.map((issues) =>
    issues.flatMap((each) => (each.code === 'unrecognized_keys' ? each.keys : [])),
  )
  const keys = Object.keys(value)
  const stranger = keys.find((key) => unknown.every((each) => each.includes(key)))
  if (stranger !== undefined) {
    if (!isWord(stranger, value)) return undefined
    const known = isSecretPath(issue.path) ? ['env', 'file'] : []
    return `the key ${stranger}${didYouMean(stranger, known)}`
  }
  return unknown.every((each) => each.length > 0) ? `both ${keys.join(' and ')}` : undefined
}

/** A text in place of a key may be the secret itself, as in `{ hunter2 }`. */
function isWord(key: string, value: Record<string, unknown>): boolean {
  return /^[a-z]{1,12}$/i.test(key) && typeof value[key] === 'string'
}

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.path.at(-1) === 'signingKeys')
        return 'a list of references, env: NAME or file: /path'
      return issue.expected === 'int' ? 'a whole number' : nounOf(issue.expected)
    case 'too_small':
      return atLeast(issue)
    case 'too_big':
      return `at most ${String(issue.maximum)}`
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`
    default:
      return issue.message
  }
}

function atLeast({ origin, minimum }: z.core.$ZodIssueTooSmall): string {
  if (origin === 'array') return 'at least one entry'
  return origin === 'string' ? 'a text that is not empty' : `at least ${String(minimum)}`
}

const nouns: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
}

function nounOf(type: string): string {
  return nouns[type] ?? type
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}

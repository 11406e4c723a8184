/** Holds a plain value against the schema and says everything that is wrong with it. */
import type { z } from 'zod'
import { isMapping } from '../cross-checks.ts'
import { REDACTED } from '../../redact/redact-secrets.ts'
import { describeFound, formatPath, isSecretPath, type LineOf, type Problem } from '../problem.ts'
import { configSchema, type Config } from '../schema/config.ts'
import { toCode } from '../schema/code-names.ts'
import { describeRemovedKey } from './removed-keys.ts'
import { explainKey, explainValue } from './yaml-traps.ts'

export interface ShapeReading {
  readonly config: Config | undefined
  readonly problems: readonly Problem[]
}

export function checkShape(file: string, value: unknown, lineOf: LineOf): ShapeReading {
  if (value === null || value === undefined) {
    const [expected, found] = ['a mapping with the key routes', 'an empty file']
    return { config: undefined, problems: [{ file, line: undefined, path: '', expected, found }] }
  }
  const parsed = configSchema.safeParse(value, { reportInput: true })
  if (parsed.success) return { config: toCode(parsed.data), problems: [] }
  const problems = parsed.error.issues.flatMap((issue) =>
    describe(issue, value).map(({ path, shownKey, expected, found }) => ({
      file,
      line: lineOf(path),
      path: formatPath(shownKey === undefined ? path : [...path.slice(0, -1), shownKey]),
      expected,
      found,
    })),
  )
  return { config: undefined, problems }
}

interface Description {
  readonly path: readonly PropertyKey[]
  /** In place of the last part of the path, which may be a secret. */
  readonly shownKey?: string
  readonly expected: string
  readonly found: string
}

function describe(issue: z.core.$ZodIssue, root: unknown): Description[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path)
    // There are none to name where a mapping has to have one of several.
    const expected =
      known.length === 0 ? 'nothing beside the key that is known' : `one of ${known.join(', ')}`
    const parent = valueAt(root, issue.path)
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const removed = describeRemovedKey(path, valueAt(parent, [key]))
      if (removed !== undefined) return { path, ...removed }
      const isHidden = isSecretPath(issue.path) && isMapping(parent) && !isWord(key, parent)
      const found = explainKey(key, valueAt(parent, [key])) ?? 'an unknown key'
      return { path, ...(isHidden && { shownKey: REDACTED }), expected, found }
    })
  }
  const value = valueAt(root, issue.path)
  const found = whichKeys(issue, value) ?? foundBy(issue, value)
  const kind = 'expected' in issue ? issue.expected : ''
  const why = isSecretPath(issue.path) ? undefined : explainValue(value, kind)
  const said = why === undefined ? found : `${found}, ${why}`
  return [{ path: issue.path, expected: expectedOf(issue), found: said }]
}

/** What is judged and not in the file is a default. */
function foundBy({ input, path }: z.core.$ZodIssue, value: unknown): string {
  return value === undefined && typeof input === 'string'
    ? `${describeFound(input, path)}, the default`
    : describeFound(value, path)
}

/** @returns which keys are at fault, where a mapping has to have one of several. */
function whichKeys(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  if (issue.code !== 'invalid_union' || !isMapping(value)) return undefined
  const unknown = issue.errors.map((issues) =>
    issues.flatMap((each) => (each.code === 'unrecognized_keys' ? each.keys : [])),
  )
  const keys = Object.keys(value)
  const stranger = keys.find((key) => unknown.every((each) => each.includes(key)))
  if (stranger !== undefined) return isWord(stranger, value) ? `the key ${stranger}` : undefined
  return unknown.every((each) => each.length > 0) ? `both ${keys.join(' and ')}` : undefined
}

/** What stands in place of a key may be the secret itself, as in `{ hunter2 }`. */
function isWord(key: string, value: Record<string, unknown>): boolean {
  return /^[a-z]{1,12}$/i.test(key) && typeof value[key] === 'string'
}

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
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

/** What of a zod schema leads to the schema of a part of it. */
interface Walkable {
  readonly shape?: Readonly<Record<string, Walkable>>
  readonly element?: Walkable
  readonly unwrap?: () => Walkable
}

/** The keys the schema has at a path, so that a misspelt one can be seen. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: Walkable | undefined = configSchema as unknown as Walkable
  for (const part of path) {
    const container: Walkable | undefined = unwrapped(schema)
    schema = typeof part === 'number' ? container?.element : container?.shape?.[String(part)]
  }
  return Object.keys(unwrapped(schema)?.shape ?? {})
}

/** Without what makes it optional or gives it a default. An array unwraps to its element: not that. */
function unwrapped(schema: Walkable | undefined): Walkable | undefined {
  let inner = schema
  while (inner?.unwrap !== undefined && inner.shape === undefined && inner.element === undefined) {
    inner = inner.unwrap()
  }
  return inner
}

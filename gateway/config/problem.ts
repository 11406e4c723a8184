/** A problem of a configuration, described so that the operator can correct it. */
import { REDACTED, redactSecrets } from '../redact/redact-secrets.ts'

export interface Problem {
  /** The file, or `environment`. */
  readonly file: string
  readonly line: number | undefined
  /** `routes[0].upstream`, or the name of a variable. */
  readonly path: string
  readonly expected: string
  /** Never the value of a secret. */
  readonly found: string
}

/** The place where a value was written. */
export interface Place {
  /** The file, or `command line`. */
  readonly file: string
  readonly line: number | undefined
  /** The path of the value in that file: a route of an included file has another index there. */
  readonly path: readonly PropertyKey[]
  /** The option with the value, if it is not from a file. */
  readonly option?: '--set'
  /** Environment variables that are part of the value. */
  readonly variables?: readonly string[]
}

/**
 * Where the value at a path of the whole configuration was written. For a missing value, this is the nearest
 * value around it.
 */
export type Locate = (path: readonly PropertyKey[]) => Place

/** @param shownKey replaces the last part of the path, which may be a secret. */
export function problemAt(
  { file, line, path, option, variables = [] }: Place,
  { expected, found }: Pick<Problem, 'expected' | 'found'>,
  shownKey?: string,
): Problem {
  const shown = formatPath(shownKey === undefined ? path : [...path.slice(0, -1), shownKey])
  return {
    file,
    line,
    path: option === undefined ? shown : `${option} ${shown}`.trimEnd(),
    expected,
    found: withVariables(found, variables),
  }
}

function withVariables(found: string, variables: readonly string[]): string {
  if (variables.length === 0) return found
  return `${found} (from ${variables.map((name) => `\${${name}}`).join(', ')})`
}

/** A path and a file name are input, too, so the whole line is redacted and not only the value. */
export function formatProblem({ file, line, path, expected, found }: Problem): string {
  const place = line === undefined ? file : `${file}:${String(line)}`
  return redactSecrets(
    `${place}: ${path === '' ? '' : `${path}: `}expected ${expected}, found ${found}`,
  )
}

export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) =>
      typeof part === 'number' ? `[${String(part)}]` : `${i === 0 ? '' : '.'}${String(part)}`,
    )
    .join('')
}

const MAX_FOUND = 80

/** Keys whose value may be the secret itself by mistake. */
const SECRET_KEYS = ['signingKeys', 'resignWith', 'password', 'sentinelPassword', 'token']

export function isSecretPath(path: readonly PropertyKey[]): boolean {
  return SECRET_KEYS.some((key) => path.includes(key))
}

/** A value for a message: short, printable, and only its type if it may contain a secret. */
export function describeFound(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined) return 'nothing'
  if (isSecretPath(path)) return Array.isArray(value) ? listOf(value) : kindOf(value)
  if (Array.isArray(value)) return listOf(value)
  if (typeof value === 'object' && value !== null) return 'a mapping'
  // The digits may be those of a key without letters.
  if (typeof value === 'number' && Math.abs(value) >= 1e21) return 'a number of over 21 digits'
  const shown = typeof value === 'string' ? withoutSecrets(value) : value
  return JSON.stringify(shown)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_FOUND)
}

/** A value is one text, so a password with a space in it also ends at the `@`. */
function withoutSecrets(text: string): string {
  const at = text.lastIndexOf('@')
  const isSpaced = /\s/.test(text.slice(0, Math.max(at, 0))) && text.slice(0, at).includes(':')
  return redactSecrets(isSpaced ? `${REDACTED}${text.slice(at)}` : text)
}

function listOf(value: readonly unknown[]): string {
  return value.length === 0 ? 'an empty list' : 'a list'
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}

/** What is wrong with a configuration, said so that the operator can mend it. */

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

/** The line of the value at a path, if it has one. */
export type LineOf = (path: readonly PropertyKey[]) => number | undefined

export function formatProblem({ file, line, path, expected, found }: Problem): string {
  const place = line === undefined ? file : `${file}:${String(line)}`
  return `${place}: ${path === '' ? '' : `${path}: `}expected ${expected}, found ${found}`
}

export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) =>
      typeof part === 'number' ? `[${String(part)}]` : `${i === 0 ? '' : '.'}${String(part)}`,
    )
    .join('')
}

const MAX_FOUND = 80

/** Under which somebody may have written the secret itself. */
const SECRET_KEYS = ['signingKeys', 'password', 'sentinelPassword', 'token']

/** A value for a message: short, printable, and only its kind if it may hold a secret. */
export function describeFound(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined) return 'nothing'
  if (SECRET_KEYS.some((key) => path.includes(key)))
    return Array.isArray(value) ? listOf(value) : kindOf(value)
  if (typeof value === 'string' && /:.*@/s.test(value)) return 'a text with credentials in it'
  if (Array.isArray(value)) return listOf(value)
  if (typeof value === 'object' && value !== null) return 'a mapping'
  return JSON.stringify(value)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_FOUND)
}

function listOf(value: readonly unknown[]): string {
  return value.length === 0 ? 'an empty list' : 'a list'
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}

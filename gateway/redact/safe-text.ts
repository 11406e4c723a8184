import { redactSecrets } from './redact-secrets.ts'

/** Text from clients, shortened and in visible ASCII, so that it cannot control a terminal or log viewer. */
export function printable(text: string, maxCharacters = 200): string {
  // Most texts stay as they are, and to find that out is cheaper than to replace nothing.
  if (text.length <= maxCharacters && !INVISIBLE.test(text)) return text
  return text.slice(0, maxCharacters).replaceAll(EACH_INVISIBLE, '?')
}

const INVISIBLE = /[^\x20-\x7e]/
const EACH_INVISIBLE = /[^\x20-\x7e]/g

/** The same without secrets, for messages about what an operator or another server wrote. */
export function quotable(text: string, maxCharacters = 200): string {
  return printable(redactSecrets(text), maxCharacters)
}

/**
 * A line that a terminal can only show: control and format characters are escaped, those of escape
 * sequences (C0 and C1) and those that reorder text (CVE-2021-42574) among them.
 */
export function terminalText(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}

/**
 * An error as one short printable line. Whole errors are not logged here: one about a proxy's URL
 * carries that URL, with the password in it.
 */
export function plainError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const text = message.includes(code) ? message : `${code} ${message}`
  return quotable(text.trim())
}

/**
 * An error as it is logged: what its maker says of it, and no other property. ioredis adds the command
 * that was refused, with a claim's key in it; Node adds the bytes of a response that it cannot read, and
 * the app's certificate.
 */
export interface LoggedError {
  readonly type: string
  readonly code?: string
  readonly message: string
  readonly stack?: string
  readonly causes?: readonly LoggedError[]
}

/** A message may hold what an app or a store has sent. */
const MAX_CHARACTERS = 2000

/** Of errors of several attempts, and of errors that others made. */
const MAX_DEPTH = 3
const MAX_CAUSES = 8

export function loggedError(thrown: unknown, depth = 1): LoggedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: shortened(String(thrown)) }
  const { name, message, stack } = thrown
  const causes = depth < MAX_DEPTH ? causesOf(thrown) : []
  return {
    type: name,
    ...('code' in thrown && { code: String(thrown.code) }),
    message: shortened(message),
    ...(stack !== undefined && { stack: shortened(stack) }),
    ...(causes.length > 0 && { causes: causes.map((cause) => loggedError(cause, depth + 1)) }),
  }
}

function causesOf(error: Error): unknown[] {
  const several: unknown[] = error instanceof AggregateError ? error.errors : []
  return [...several, ...(error.cause === undefined ? [] : [error.cause])].slice(0, MAX_CAUSES)
}

function shortened(text: string): string {
  // Redacted before it is cut, so that no part of a secret is left; but not a text of any length.
  return redactSecrets(text.slice(0, 4 * MAX_CHARACTERS)).slice(0, MAX_CHARACTERS)
}

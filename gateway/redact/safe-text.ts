import { redactSecrets } from './redact-secrets.ts'

/** Text from clients, shortened and in visible ASCII, so that it cannot control a terminal or log viewer. */
export function printable(text: string, maxCharacters = 200): string {
  // Most texts are unchanged, and the test is cheaper than a replacement without effect.
  if (text.length <= maxCharacters && !INVISIBLE.test(text)) return text
  return text.slice(0, maxCharacters).replaceAll(EACH_INVISIBLE, '?')
}

const INVISIBLE = /[^\x20-\x7e]/
const EACH_INVISIBLE = /[^\x20-\x7e]/g

/** The same without secrets, for messages that quote an operator or another server. */
export function quotable(text: string, maxCharacters = 200): string {
  return printable(redactSecrets(text), maxCharacters)
}

/**
 * A line that cannot control a terminal: control and format characters are escaped, including those of escape
 * sequences (C0 and C1) and those that reorder text (CVE-2021-42574).
 */
export function terminalText(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}

/**
 * An error as one short printable line. Whole errors are not logged: one about a proxy's URL contains that URL
 * and its password.
 */
export function plainError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const text = message.includes(code) ? message : `${code} ${message}`
  return quotable(text.trim())
}

/**
 * An error as it is logged: only its standard properties. ioredis adds the refused command with the key of a
 * claim. Node adds the bytes of an unreadable response, and the app's certificate.
 */
export interface LoggedError {
  readonly type: string
  readonly code?: string
  readonly message: string
  readonly stack?: string
  readonly causes?: readonly LoggedError[]
}

/** A message may contain text from an app or a store. */
const MAX_CHARACTERS = 2000

/** The depth of nested errors and causes that is logged. */
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
  // Redacted before it is shortened, so that no part of a secret remains. The first cut bounds the work.
  return redactSecrets(text.slice(0, 4 * MAX_CHARACTERS)).slice(0, MAX_CHARACTERS)
}

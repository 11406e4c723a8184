/**
 * What a command prints. It may quote arguments, files and what clients sent, so no text is printed with
 * a secret or with what a terminal obeys.
 */
import { redactSecrets } from '../redact/redact-secrets.ts'
import { terminalText } from '../redact/safe-text.ts'

export function printText(text: string): void {
  console.log(safeLines(text))
}

export function printError(message: string): void {
  console.error(safeLines(message))
}

/** Redacted text by text, so that the document stays one; in ASCII, so that a terminal shows it. */
export function printJson(document: object): void {
  const redact = (_key: string, value: unknown) =>
    typeof value === 'string' ? redactSecrets(value) : value
  const text = JSON.stringify(document, redact, 2)
  console.log(text.replace(/[\x7f-\uffff]/g, (unit) => `\\u${hexOf(unit)}`))
}

const hexOf = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0')

function safeLines(text: string): string {
  return redactSecrets(text).split('\n').map(terminalText).join('\n')
}

/** An error's message alone: a stack says nothing to the operator who gave a wrong argument. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** For a signal that arrives before a command handles it: ends the process as the signal itself would. */
export function endAtOnce(_signal: NodeJS.Signals, number: number): void {
  process.exit(128 + number)
}

/**
 * The output of commands. It may quote arguments, files and text from clients, so secrets and terminal control
 * characters are removed from all text.
 */
import { redactSecrets } from '../redact/redact-secrets.ts'
import { terminalText } from '../redact/safe-text.ts'

export function printText(text: string): void {
  console.log(safeLines(text))
}

export function printError(message: string): void {
  console.error(safeLines(message))
}

/**
 * Each text is redacted separately, so that the document stays valid JSON. In ASCII, so that any terminal can
 * show it.
 */
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

/** The message only: a stack does not help an operator who gave a wrong argument. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** For a signal before a command handles it: ends the process as the signal itself would. */
export function endAtOnce(_signal: NodeJS.Signals, number: number): void {
  process.exit(128 + number)
}

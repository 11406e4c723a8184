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

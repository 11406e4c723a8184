/** Writes a message of a command to stderr. Messages quote arguments and files, so none goes there unredacted. */
import { redactSecrets } from '../redact/redact-secrets.ts'

export function printError(message: string): void {
  console.error(redactSecrets(message))
}

/** An error's message alone: a stack says nothing to the operator who gave a wrong argument. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** For a signal that comes before a command minds it: ends as if the signal itself had. */
export function endAtOnce(_signal: NodeJS.Signals, number: number): void {
  process.exit(128 + number)
}

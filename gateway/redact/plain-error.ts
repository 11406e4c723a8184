import { quotable } from './printable.ts'

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

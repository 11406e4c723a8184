import { redactSecrets } from './redact-secrets.ts'

/** What somebody else wrote, short and in visible ASCII, so that no terminal or log viewer is led astray. */
export function printable(text: string, maxCharacters = 200): string {
  return text.slice(0, maxCharacters).replace(/[^\x20-\x7e]/g, '?')
}

/** The same without secrets, for messages about what an operator or another server wrote. */
export function quotable(text: string, maxCharacters = 200): string {
  return printable(redactSecrets(text), maxCharacters)
}

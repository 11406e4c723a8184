/** Keys of earlier versions, and what the operator is to write instead. */
import { formatPath } from '../problem.ts'

const replacements: Readonly<Record<string, string>> = {
  'replay.strict':
    'no such key: each signature is claimed alone now; for an Inngest server older than 1.13.5 set legacyServer: true on its route',
}

/** @returns undefined for a key that was never one. */
export function replacementOf(path: readonly PropertyKey[]): string | undefined {
  const key = formatPath(path)
  return Object.hasOwn(replacements, key) ? replacements[key] : undefined
}

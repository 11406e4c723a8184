/** The files that a configuration refers to, right or wrong as it may otherwise be. */
import { isMapping } from '../cross-checks.ts'

/** Keys whose files are read together with the configuration. */
const FILE_KEYS = new Set(['certFile', 'keyFile', 'clientCaFile', 'caFile'])

/** Keys of references to secrets. */
const SECRET_KEYS = new Set(['password', 'sentinelPassword'])

/** Deeper than the schema goes; an alias in YAML may stand within what it stands for. */
const MAX_DEPTH = 8

export function filesIn(value: unknown, depth = 0): string[] {
  if (depth > MAX_DEPTH) return []
  if (Array.isArray(value)) return value.flatMap((member) => filesIn(member, depth + 1))
  if (!isMapping(value)) return []
  return Object.entries(value).flatMap(([key, member]) => {
    if (key === 'signingKeys') return Array.isArray(member) ? member.flatMap(fileOf) : []
    if (SECRET_KEYS.has(key)) return fileOf(member)
    return FILE_KEYS.has(key) && typeof member === 'string' ? [member] : filesIn(member, depth + 1)
  })
}

/** Of a reference to a secret. */
function fileOf(reference: unknown): string[] {
  const file = isMapping(reference) ? reference['file'] : undefined
  return typeof file === 'string' ? [file] : []
}

/**
 * Reads a file that the configuration is made of. Nothing else will do: a reload reads within the
 * process that serves, and a FIFO would be waited for, and a device read, while every call stands
 * still.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { isMapping } from '../cross-checks.ts'

/** Of whatever an operator writes: a bundle with every well-known authority is a fifth of it. */
const MAX_BYTES = 1_048_576

/** @throws with a message, or a code of the file system, that says why not. */
export function readPlainFile(file: string, maxBytes: number = MAX_BYTES): Buffer {
  // To open a FIFO would already be to wait for its writer.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new Error('no regular file')
    if (stats.size > maxBytes) throw new Error(`a file over ${String(maxBytes / 1024)} KiB`)
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Short, and nothing of what is in the file. */
export function whyUnreadable(error: unknown): string {
  if (!(error instanceof Error)) return 'an error'
  if (!('code' in error)) return error.message
  return error.code === 'ENOENT' ? 'no such file' : String(error.code)
}

/* The files that a configuration refers to, right or wrong as it may otherwise be. */

/** Keys whose files are read together with the configuration. */
const FILE_KEYS = new Set(['certFile', 'keyFile', 'clientCaFile', 'caFile'])

/** Keys of references to secrets. */
const SECRET_KEYS = new Set(['password', 'sentinelPassword', 'resignWith'])

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

/**
 * Reads a file of the configuration. Only regular files are allowed: a reload reads in the process that serves
 * requests, and reading a FIFO or a device would block every call.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { isMapping } from '../cross-checks.ts'

/** For any file that an operator writes: a bundle with every well-known authority has a fifth of this size. */
const MAX_BYTES = 1_048_576

/** @throws with a message or an error code of the file system. */
export function readPlainFile(file: string, maxBytes: number = MAX_BYTES): Buffer {
  // Opening a FIFO would already wait for its writer.
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

/** Short, and without any content of the file. */
export function whyUnreadable(error: unknown): string {
  if (!(error instanceof Error)) return 'an error'
  if (!('code' in error)) return error.message
  return error.code === 'ENOENT' ? 'no such file' : String(error.code)
}

/** The files that a configuration refers to, even if it has other problems. */

/** Keys of files that are read together with the configuration. */
const FILE_KEYS = new Set(['certFile', 'keyFile', 'clientCaFile', 'caFile'])

/** Keys of references to secrets. */
const SECRET_KEYS = new Set(['password', 'sentinelPassword', 'resignWith'])

/** Deeper than the schema; an alias in YAML may contain itself. */
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

/** The file of a reference to a secret. */
function fileOf(reference: unknown): string[] {
  const file = isMapping(reference) ? reference['file'] : undefined
  return typeof file === 'string' ? [file] : []
}

/**
 * Reads a file that the configuration is made of. Nothing else will do: a reload reads within the
 * process that serves, and a FIFO would be waited for, and a device read, while every call stands
 * still.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

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

/** Measures the memory that remains in use when only a short part of each long text is kept. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const LONG = 256 * 1024
const TEXTS = 100

/**
 * @param keep called with a short text that was cut from a long one.
 * @returns bytes that stay for each.
 */
export function retainedBytes(keep: (text: string, i: number) => void): number {
  const before = usedBytes()
  for (let i = 0; i < TEXTS; i += 1) keep(cutFromLong(i), i)
  return (usedBytes() - before) / TEXTS
}

function cutFromLong(i: number): string {
  const long = Buffer.alloc(LONG, `cut-from-a-long-text-${String(i).padStart(3, '0')};`)
  return long.toString('latin1').slice(0, 24)
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc(), gc()')
  return process.memoryUsage().heapUsed
}

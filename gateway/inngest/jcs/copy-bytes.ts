/** Up to so many bytes are copied faster one by one than by a call. */
const FEW_BYTES = 40

/** Copies bytes `from` to `to` of one buffer to where `at` is in another. */
export function copyBytes(source: Buffer, from: number, to: number, target: Buffer, at: number) {
  if (to - from > FEW_BYTES) source.copy(target, at, from, to)
  else for (let i = from; i < to; i += 1) target[at + i - from] = source[i] ?? 0
}

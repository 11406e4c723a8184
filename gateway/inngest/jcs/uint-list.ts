/** A growable list of offsets: four bytes each, where a JavaScript array of objects takes fifty. */
export class UintList {
  length = 0
  #values = new Uint32Array()

  /** At least as long as the list. */
  get values(): Uint32Array {
    return this.#values
  }

  push(value: number): void {
    if (this.length === this.#values.length) this.#grow()
    this.#values[this.length] = value
    this.length += 1
  }

  at(index: number): number {
    return this.#values[index] ?? 0
  }

  #grow(): void {
    const longer = new Uint32Array(Math.max(32, 2 * this.length))
    longer.set(this.#values)
    this.#values = longer
  }
}

/** Up to so many bytes are copied faster in a loop than by a call. */
const FEW_BYTES = 40

/** Copies bytes `from` to `to` of one buffer to offset `at` of another. */
export function copyBytes(source: Buffer, from: number, to: number, target: Buffer, at: number) {
  if (to - from > FEW_BYTES) source.copy(target, at, from, to)
  else for (let i = from; i < to; i += 1) target[at + i - from] = source[i] ?? 0
}

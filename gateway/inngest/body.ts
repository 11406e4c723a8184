/**
 * The bytes of a body, in the pieces that they came in. Nothing needs them put together but
 * canonicalising: a MAC and a socket take one piece after the other, and a copy of a megabyte costs
 * the collector more than everything else that is done with it.
 */
export class Body {
  readonly byteLength: number
  #pieces: readonly Uint8Array[]

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces
    this.byteLength = pieces.reduce((length, piece) => length + piece.byteLength, 0)
  }

  static of(bytes: Uint8Array): Body {
    return new Body([bytes])
  }

  /** In order. */
  get pieces(): readonly Uint8Array[] {
    return this.#pieces
  }

  /** In one piece, which replaces the others. */
  whole(): Uint8Array {
    const [only = new Uint8Array()] = this.#pieces
    if (this.#pieces.length <= 1) return only
    const whole = Buffer.concat(this.#pieces, this.byteLength)
    this.#pieces = [whole]
    return whole
  }

  /** The first bytes, as many as there are up to `length`, as latin1 text. */
  startText(length: number): string {
    let text = ''
    for (const piece of this.#pieces) {
      const { buffer, byteOffset, byteLength } = piece
      const missing = Math.min(length - text.length, byteLength)
      text += Buffer.from(buffer, byteOffset, missing).toString('latin1')
      if (text.length === length) break
    }
    return text
  }

  /** The last bytes, as many as there are up to `length`, as latin1 text. */
  endText(length: number): string {
    let text = ''
    for (let i = this.#pieces.length - 1; i >= 0; i -= 1) {
      const bytes = bufferOf(this.#pieces[i] ?? new Uint8Array())
      text = bytes.toString('latin1', Math.max(0, bytes.length + text.length - length)) + text
      if (text.length === length) break
    }
    return text
  }

  /**
   * Whether `needle` is found at a place, other than the two ends, that satisfies `test`.
   * @param from offset of the first place that counts.
   * @param test gets the bytes before and behind a place as latin1 characters.
   */
  someOccurrence(
    needle: Buffer,
    from: number,
    test: (before: string, after: string) => boolean,
  ): boolean {
    // With one byte more on either side, for `test`.
    const reach = needle.length + 1
    let carried: Buffer = Buffer.alloc(0)
    let offset = 0
    for (const [i, piece] of this.#pieces.entries()) {
      const bytes = bufferOf(piece)
      if (isFound(bytes, needle, from - offset, test)) return true
      if (i > 0) {
        const seam = Buffer.concat([carried, bytes.subarray(0, reach)])
        if (isFound(seam, needle, from - offset + carried.length, test)) return true
      }
      if (i === this.#pieces.length - 1) break
      carried = Buffer.concat([carried, bytes.subarray(-reach)]).subarray(-reach)
      offset += bytes.length
    }
    return false
  }
}

/** Leaves out a place at either end, where a byte is missing: that one is found in the next seam. */
function isFound(
  bytes: Buffer,
  needle: Buffer,
  from: number,
  test: (before: string, after: string) => boolean,
): boolean {
  let at = bytes.indexOf(needle, Math.max(1, from))
  while (at !== -1) {
    const end = at + needle.length
    if (end === bytes.length) return false
    if (test(String.fromCharCode(bytes[at - 1] ?? 0), String.fromCharCode(bytes[end] ?? 0))) {
      return true
    }
    at = bytes.indexOf(needle, end)
  }
  return false
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/**
 * The bytes that a signature covers, to be taken out once: they cannot be delivered twice, and
 * nothing holds them in memory while the app works, for up to two hours.
 */
export class SignedBody {
  #bytes: Body | undefined

  constructor(bytes: Body) {
    this.#bytes = bytes
  }

  /** @throws if they were taken already: a fault of the gateway's own code. */
  take(): Body {
    const bytes = this.#bytes
    if (bytes === undefined) throw new Error('a signed body was to be delivered twice')
    this.#bytes = undefined
    return bytes
  }
}

/**
 * The bytes of a body, in the received pieces. Only canonicalization needs them in one piece: a MAC and a
 * socket take one after the other, and a copy of a megabyte costs the garbage collector more than all other
 * work on it.
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

  /** The first bytes, up to `length`, as latin1 text. */
  startText(length: number): string {
    let text = ''
    for (const piece of this.#pieces) {
      text += bufferOf(piece).toString('latin1', 0, length - text.length)
      if (text.length === length) break
    }
    return text
  }

  /** The last bytes, up to `length`, as latin1 text. */
  endText(length: number): string {
    let text = ''
    for (let i = this.#pieces.length - 1; i >= 0; i -= 1) {
      const bytes = bufferOf(this.#pieces[i] ?? new Uint8Array())
      text = bytes.toString('latin1', Math.max(0, bytes.length + text.length - length)) + text
      if (text.length === length) break
    }
    return text
  }
}

/** The same bytes with the methods of a Buffer. Bytes from a socket are a Buffer already. */
export function bufferOf(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * The bytes that a signature covers. They can be taken only once: they cannot be delivered twice, and they do
 * not stay in memory while the app works, for up to two hours.
 */
export class SignedBody {
  #bytes: Body | undefined

  constructor(bytes: Body) {
    this.#bytes = bytes
  }

  /** @throws if they were taken already, which is a bug of the gateway. */
  take(): Body {
    const bytes = this.look()
    this.#bytes = undefined
    return bytes
  }

  /** Reads them without taking them out. To be called before they are taken. */
  look(): Body {
    if (this.#bytes === undefined) throw new Error('a signed body was to be delivered twice')
    return this.#bytes
  }
}

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
}

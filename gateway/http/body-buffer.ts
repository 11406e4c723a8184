/**
 * A body as it comes in, in pieces, and what they cost. A piece of one byte costs hundreds in a
 * process, so each is asked for with what it costs beside its bytes.
 */

/** What a piece costs of itself: an object, its memory's own record, and a place in a list. */
export const PIECE_OVERHEAD_BYTES = 512

export class BodyBuffer {
  readonly #reserve: (bytes: number) => boolean
  readonly #pieces: Buffer[] = []
  #length = 0

  /** @param reserve asked before memory is kept; false says there is none left. */
  constructor(reserve: (bytes: number) => boolean) {
    this.#reserve = reserve
  }

  get length(): number {
    return this.#length
  }

  /** @returns false if there is no memory left for it. */
  append(piece: Buffer): boolean {
    if (!this.#reserve(piece.length + PIECE_OVERHEAD_BYTES)) return false
    this.#pieces.push(piece)
    this.#length += piece.length
    return true
  }

  bytes(): Buffer {
    const [only = Buffer.alloc(0)] = this.#pieces
    return this.#pieces.length > 1 ? Buffer.concat(this.#pieces, this.#length) : only
  }
}

/**
 * The pieces of a body that is being read, and their memory. A piece of one byte occupies hundreds of bytes in
 * a process, so memory is reserved for each piece with its overhead.
 */
import { Body } from '../inngest/body.ts'
import type { Hold } from './capacity.ts'

/** The overhead of a piece: an object, the record of its memory, and a place in a list. */
export const PIECE_OVERHEAD_BYTES = 512

/** Pieces that are shorter on average are merged, because each costs an update of the MAC and a system call. */
const SHORT_PIECE_BYTES = 4096

export class BodyBuffer {
  readonly #hold: Pick<Hold, 'reserve'>
  readonly #pieces: Buffer[] = []
  #length = 0

  /** @param hold reserves memory before it is used. */
  constructor(hold: Pick<Hold, 'reserve'>) {
    this.#hold = hold
  }

  get length(): number {
    return this.#length
  }

  /** @returns false if there is not enough memory left for the piece. */
  append(piece: Buffer): boolean {
    if (!this.#hold.reserve(piece.length + PIECE_OVERHEAD_BYTES)) return false
    this.#pieces.push(piece)
    this.#length += piece.length
    return true
  }

  body(): Body {
    const body = new Body(this.#pieces)
    if (this.#length < this.#pieces.length * SHORT_PIECE_BYTES) body.whole()
    return body
  }
}

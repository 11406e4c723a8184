/**
 * A body as it comes in, in pieces, and what they cost. A piece of one byte costs hundreds in a
 * process, so each is asked for with what it costs beside its bytes.
 */
import { Body } from '../inngest/body.ts'
import type { Hold } from './capacity.ts'

/** What a piece costs of itself: an object, its memory's own record, and a place in a list. */
export const PIECE_OVERHEAD_BYTES = 512

/** Shorter pieces, on average, are put together: each costs a turn of the MAC and a system call. */
const SHORT_PIECE_BYTES = 4096

export class BodyBuffer {
  readonly #hold: Pick<Hold, 'reserve'>
  readonly #pieces: Buffer[] = []
  #length = 0

  /** @param hold must allow memory before it is used. */
  constructor(hold: Pick<Hold, 'reserve'>) {
    this.#hold = hold
  }

  get length(): number {
    return this.#length
  }

  /** @returns false if there is no memory left for it. */
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

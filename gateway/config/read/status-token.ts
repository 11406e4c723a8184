/** The token for the status page. It is kept as a digest, and never printed. */
import { createHash, timingSafeEqual } from 'node:crypto'

import { Redacted } from '../../redact/redact-secrets.ts'

/** A shorter token could be guessed. Longer ones of visible ASCII work in every client. */
const TOKEN = /^[\x21-\x7e]{16,}$/

export class StatusToken extends Redacted {
  readonly #digest: Buffer

  private constructor(text: string) {
    super()
    this.#digest = digestOf(text)
  }

  /** @returns undefined if it is too short or not valid in a header field. */
  static parse(text: string): StatusToken | undefined {
    return TOKEN.test(text) ? new StatusToken(text) : undefined
  }

  /** Takes the same time for any text of a given length: it compares all bytes of digests. */
  matches(text: string): boolean {
    return timingSafeEqual(digestOf(text), this.#digest)
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

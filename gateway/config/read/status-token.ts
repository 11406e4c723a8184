/** What must be shown to see the status page. Kept as its digest, and never printed. */
import { createHash, timingSafeEqual } from 'node:crypto'

import { Redacted } from '../../redact/redact-secrets.ts'

/** A shorter one could be guessed by trying; longer ones of visible ASCII pass through every client. */
const TOKEN = /^[\x21-\x7e]{16,}$/

export class StatusToken extends Redacted {
  readonly #digest: Buffer

  private constructor(text: string) {
    super()
    this.#digest = digestOf(text)
  }

  /** @returns undefined if it is too short, or could not be written in a header field. */
  static parse(text: string): StatusToken | undefined {
    return TOKEN.test(text) ? new StatusToken(text) : undefined
  }

  /** Takes as long for any text of a length: digests are compared, and all of their bytes. */
  matches(text: string): boolean {
    return timingSafeEqual(digestOf(text), this.#digest)
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

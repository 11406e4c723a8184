/**
 * The bytes that a signature covers, to be taken out once: they cannot be delivered twice, and
 * nothing holds them in memory while the app works, for up to two hours.
 */
import type { Body } from './body.ts'

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

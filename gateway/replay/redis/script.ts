/** A Lua script: what it does to its keys is one step, which no other client comes between. */
import { createHash } from 'node:crypto'

import type { RedisClient } from './client.ts'

export class RedisScript {
  readonly text: string
  readonly #sha1: string

  constructor(text: string) {
    this.text = text
    this.#sha1 = createHash('sha1').update(text).digest('hex')
  }

  /** @param keys all in one slot. */
  async run(
    client: RedisClient,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await client.evalsha(this.#sha1, keys.length, ...keys, ...args)
    } catch (error) {
      // Forgotten since it was loaded (redis-rights.ts). Nothing of it was run, and it is kept from now on.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await client.eval(this.text, keys.length, ...keys, ...args)
    }
  }
}

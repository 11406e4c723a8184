/** Where a listener listens; its port has a key of its own. */
import { isIP } from 'node:net'

import { z } from 'zod'

export function listenHost(fallback: string) {
  return z
    .string()
    .min(1, { abort: true })
    .refine(isHost, { error: 'an address or name without a port' })
    .default(fallback)
    .describe(`Address to listen on. Default ${fallback}.`)
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[a-z0-9._-]+$/i.test(text)
}

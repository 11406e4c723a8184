/** A whole number with a range and a default, both of which its description tells. */
import { isIP } from 'node:net'
import { z } from 'zod'

export function integer(minimum: number, maximum: number, fallback: number, meaning: string) {
  const range = `${String(minimum)} to ${String(maximum)}. Default ${String(fallback)}.`
  return z.int().min(minimum).max(maximum).default(fallback).describe(`${meaning} ${range}`)
}

/** What a configuration names instead of holding it itself. */
export const file = z.string().min(1)

/** Where a secret is: the configuration never holds one. */
export const secret = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file })],
  {
    error: 'a reference, env: NAME or file: /path',
  },
)

/** Where a listener listens; its port has a key of its own. */
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

/** What the path of a route may be, wherever it is written. */
export const ROUTE_PATH = 'an absolute path of plain segments, without query, %, ; or dot segments'

/** A path that whoever normalises it leaves as it is: any other would be asked for by nobody. */
export function isRoutePath(text: string): boolean {
  const isPlain = /^\/(?!\/)[A-Za-z0-9_~.,:@!$&'()*+=/-]*$/.test(text)
  return isPlain && !/\/(?:\.{0,2}\/|\.{1,2}$)/.test(text)
}

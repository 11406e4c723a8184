/** Types of values that several sections have. */
import { isIP } from 'node:net'
import { z } from 'zod'

import { notations, patternOf, readQuantity, type Bounds, type Notation } from './units.ts'

/** A whole number with a range and a default, both of which its description tells. */
export function integer(minimum: number, maximum: number, fallback: number, meaning: string) {
  const range = `${String(minimum)} to ${String(maximum)}. Default ${String(fallback)}.`
  return z.int().min(minimum).max(maximum).default(fallback).describe(`${meaning} ${range}`)
}

type QuantityType = (
  minimum: string,
  maximum: string,
  fallback: string,
  meaning: string,
) => ReturnType<typeof quantity>

/** A duration, which the code counts in milliseconds. */
export const milliseconds = quantityType(notations.Ms)

/** A duration, which the code counts in seconds. */
export const seconds = quantityType(notations.Seconds)

/** A size, which the code counts in bytes. */
export const bytes = quantityType(notations.Bytes)

/** A rate, which the code counts in bytes per second. */
export const bytesPerSecond = quantityType(notations.BytesPerSecond)

function quantityType(notation: Notation): QuantityType {
  return (minimum, maximum, fallback, meaning) =>
    quantity(notation, { minimum, maximum, fallback }, meaning)
}

/** A number with its unit. Its range and its default are in its description. */
function quantity(notation: Notation, bounds: Bounds, meaning: string) {
  const { minimum, maximum, fallback } = bounds
  return written(notation, bounds)
    .prefault(fallback)
    .describe(`${meaning} ${minimum} to ${maximum}. Default ${fallback}.`)
}

/** A size that may be left out. @param otherwise what is then the case. */
export function optionalBytes(bounds: Bounds, meaning: string, otherwise: string) {
  const { minimum, maximum } = bounds
  return written(notations.Bytes, bounds)
    .optional()
    .describe(`${meaning} ${minimum} to ${maximum}. Default: ${otherwise}.`)
}

function written(notation: Notation, bounds: Bounds) {
  return z
    .unknown()
    .meta({ type: 'string', minLength: 2, pattern: patternOf(notation) })
    .transform((value, context): number => {
      const reading = readQuantity(value, notation, bounds)
      if (reading.ok) return reading.value
      context.addIssue({ code: 'custom', message: reading.expected })
      return z.NEVER
    })
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
export const ROUTE_PATH =
  'an absolute path of plain segments, without query, %, ;, * or dot segments'

/**
 * A path that is already normalized: clients never request another form. `*` is refused, too:
 * a path has no wildcards, and a route with `*` would match no request.
 */
export function isRoutePath(text: string): boolean {
  const isPlain = /^\/(?!\/)[A-Za-z0-9_~.,:@!$&'()+=/-]*$/.test(text)
  return isPlain && !/\/(?:\.{0,2}\/|\.{1,2}$)/.test(text)
}

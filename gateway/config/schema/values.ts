/** Types of values that several sections use. */
import { isIP } from 'node:net'
import { z } from 'zod'

import { notations, patternOf, readQuantity, type Bounds, type Notation } from './units.ts'

/** A whole number with a range and a default. Its description includes both. */
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

/** A duration, in milliseconds in the code. */
export const milliseconds = quantityType(notations.Ms)

/** A duration, in seconds in the code. */
export const seconds = quantityType(notations.Seconds)

/** A size, in bytes in the code. */
export const bytes = quantityType(notations.Bytes)

/** A rate, in bytes per second in the code. */
export const bytesPerSecond = quantityType(notations.BytesPerSecond)

function quantityType(notation: Notation): QuantityType {
  return (minimum, maximum, fallback, meaning) =>
    quantity(notation, { minimum, maximum, fallback }, meaning)
}

/** A number with its unit. Its description includes its range and default. */
function quantity(notation: Notation, bounds: Bounds, meaning: string) {
  const { minimum, maximum, fallback } = bounds
  return written(notation, bounds)
    .prefault(fallback)
    .describe(`${meaning} ${minimum} to ${maximum}. Default ${fallback}.`)
}

/**
 * A size that may be omitted.
 * @param otherwise describes the behavior if it is.
 */
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

/** A file that the configuration names. */
export const file = z.string().min(1)

/** A reference to a secret: the configuration never contains one. */
export const secret = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file })],
  {
    error: 'a reference, env: NAME or file: /path',
  },
)

/** The address of a listener; its port has a key of its own. */
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

/** The rule for the path of a route, for messages. */
export const ROUTE_PATH =
  'an absolute path of plain segments, without query, %, ;, * or dot segments'

/**
 * A path that is already normalized: clients never send another form. `*` is refused, too: a path has no
 * wildcards, and a route with `*` would match no request.
 */
export function isRoutePath(text: string): boolean {
  const isPlain = /^\/(?!\/)[A-Za-z0-9_~.,:@!$&'()+=/-]*$/.test(text)
  return isPlain && !/\/(?:\.{0,2}\/|\.{1,2}$)/.test(text)
}

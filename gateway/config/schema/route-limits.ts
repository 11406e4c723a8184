/** How many requests an Inngest route may send to its app at once, and at which rate. */
import { z } from 'zod'

import type { RateLimitPolicy } from '../../admit/policy.ts'
import { milliseconds } from './values.ts'

const RATE = /^([1-9][0-9]{0,6})\/([smh])$/

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

export const routeLimitsSchema = z
  .strictObject({
    maxRequestsInFlight: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(
        'Maximum number of function calls in flight on this route; at least one for each worker. 1 to 1000000. Default: bounded by the global `limits.maxRequestsInFlight` only.',
      ),
    rate: z
      .unknown()
      .meta({ type: 'string', pattern: RATE.source })
      .transform((value, context): string => {
        if (typeof value === 'string' && RATE.test(value)) return value
        context.addIssue({ code: 'custom', message: rateExpected(value) })
        return z.NEVER
      })
      .optional()
      .describe(
        'Maximum rate of function calls on this route: `100/s`, `6000/m` or `3600/h`. As many calls as the rate allows in one second, but at least one, may come at once. Default: no maximum.',
      ),
    maxWait: milliseconds(
      '0s',
      '1m',
      '10s',
      'How long a function call waits for its turn before it gets 429; 0s refuses it at once.',
    ),
  })
  .refine(({ maxRequestsInFlight, rate }) => (maxRequestsInFlight ?? rate) !== undefined, {
    error: 'maxRequestsInFlight or rate; to have no limit, leave out limits',
  })

/** @param written the value as read from YAML. */
function rateExpected(written: unknown): string {
  const range = 'a rate from 1/h to 9999999/s, such as 100/s, 6000/m or 3600/h'
  const text = typeof written === 'string' || typeof written === 'number' ? String(written) : ''
  const [, digits, unit = ''] =
    /^ *([1-9][0-9]{0,6}) *(?:\/|per|rp)? *([a-z]*) *$/i.exec(text) ?? []
  if (digits === undefined) return range
  if (unit === '') return `a rate with its unit, ${digits}/s, ${digits}/m or ${digits}/h`
  const known = ['second', 'minute', 'hour'].find((name) => isShortFor(unit.toLowerCase(), name))
  return known === undefined ? range : `a rate written as ${digits}/${known.charAt(0)}`
}

function isShortFor(unit: string, name: string): boolean {
  return `${name}s`.startsWith(unit) || unit === `${name.slice(0, 3)}s`
}

/** @returns undefined for a text that the schema refuses. */
export function parseRate(text: string): RateLimitPolicy | undefined {
  const [, count, unit = ''] = RATE.exec(text) ?? []
  const seconds = SECONDS[unit]
  if (count === undefined || seconds === undefined) return undefined
  const perSecond = Number(count) / seconds
  return { perSecond, burst: Math.max(1, Math.floor(perSecond)) }
}

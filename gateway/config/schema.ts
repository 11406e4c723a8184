/**
 * The shape of the configuration file: every key with its meaning, unit, range and default. Checks
 * here are of single values; what needs two values or the outside is in compile.ts.
 */
import { z } from 'zod'

import { parseRange } from '../checks/address-ranges.ts'
import { parseUpstream } from './upstream.ts'
import { parseServeOrigin } from './serve-origin.ts'

/** The word in `allowlist` for the ranges that Inngest publishes. */
export const inngestKeyword = 'inngest'

function integer(minimum: number, maximum: number, fallback: number, meaning: string) {
  const range = `${String(minimum)} to ${String(maximum)}. Default ${String(fallback)}.`
  return z.int().min(minimum).max(maximum).default(fallback).describe(`${meaning} ${range}`)
}

/** A string that `isValid` takes; `expected` is what the operator is told otherwise. */
function text(expected: string, isValid: (value: string) => boolean) {
  return z.string().refine(isValid, { error: expected })
}

const range = z.string().superRefine((value, context) => {
  const reading = parseRange(value)
  if (!reading.ok) context.addIssue({ code: 'custom', message: reading.expected })
})

const allowed = z.string().superRefine((value, context) => {
  if (value === inngestKeyword) return
  const reading = parseRange(value)
  if (!reading.ok) context.addIssue({ code: 'custom', message: `inngest, or ${reading.expected}` })
})

function listener(host: string, port: number, meaning: string) {
  return z
    .strictObject({
      host: z.string().min(1).default(host).describe(`Address to listen on. Default ${host}.`),
      port: integer(0, 65535, port, 'Port to listen on; 0 takes a free one.'),
    })
    .prefault({})
    .describe(meaning)
}

const signingKey = z.union([
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
])

const route = z.strictObject({
  name: text('a name of a-z, 0-9, _ and -, other than unmatched', (value) =>
    /^(?!unmatched$)[a-z0-9][a-z0-9_-]{0,62}$/.test(value),
  ).describe('Label in metrics and logs. Unique.'),
  host: text('a host name or address with an optional port', (value) =>
    /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(value),
  )
    .optional()
    .describe('`Host` that requests must carry. Default: any.'),
  path: text(
    'an absolute path of plain segments, without query, %, ; or dot segments',
    (value) =>
      /^\/(?!\/)[A-Za-z0-9_~.,:@!$&'()*+=/-]*$/.test(value) &&
      !/\/(?:\.{0,2}\/|\.{1,2}$)/.test(value),
  )
    .optional()
    .describe('Exact path. Default: INNGEST_SERVE_PATH for a single route, else /api/inngest.'),
  upstream: text(
    'http://host:port, https://host:port or unix:/path/to.sock, without path, query or credentials',
    (value) => parseUpstream(value) !== undefined,
  ).describe('Where admitted requests go.'),
  serveOrigin: text(
    'an origin such as https://app.example.com',
    (value) => parseServeOrigin(value) !== undefined,
  )
    .optional()
    .describe(
      'Origin that the app is told. Default: INNGEST_SERVE_ORIGIN for a single route, else as sent.',
    ),
  signingKeys: z
    .array(signingKey)
    .min(1)
    .describe('Keys by reference, tried in order: `env: NAME` or `file: /path`.'),
})

export const configSchema = z.strictObject({
  listen: listener('0.0.0.0', 8080, 'Where Inngest calls come in.'),
  ops: listener('127.0.0.1', 9090, 'Where /metrics, /healthz and /readyz are.'),
  allowlist: z
    .array(allowed)
    .min(1)
    .default([inngestKeyword])
    .describe('Client addresses let in: CIDRs, and `inngest` for the published ranges.'),
  trustedProxies: z
    .array(range)
    .default([])
    .describe('Peers whose X-Forwarded-For is believed. Default: nobody.'),
  freshness: z
    .strictObject({
      maxAgeSeconds: integer(1, 3600, 300, 'Oldest acceptable signature, in seconds.'),
      clockToleranceSeconds: integer(0, 3600, 300, 'How far ahead a signature may be, in seconds.'),
    })
    .prefault({}),
  replay: z
    .strictObject({
      maxEntries: integer(1, 100_000_000, 1_000_000, 'Most claims held at once; then 503.'),
      strict: z
        .boolean()
        .default(false)
        .describe('Claim the signature alone for servers before 1.13.5 too. Default false.'),
      coldStart: z
        .enum(['refuse', 'accept'])
        .default('refuse')
        .describe('What to do with signatures made before the process started. Default refuse.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      maxBodyBytes: integer(1024, 1_073_741_824, 10_485_760, 'Longest request body, in bytes.'),
      bodyTimeoutMs: integer(100, 3_600_000, 30_000, 'Time for a whole body, in milliseconds.'),
      headersTimeoutMs: integer(100, 600_000, 10_000, 'Time for a head, in milliseconds.'),
    })
    .prefault({}),
  upstream: z
    .strictObject({
      connectTimeoutMs: integer(10, 600_000, 5000, 'Time to connect to the app, in milliseconds.'),
      responseTimeoutMs: integer(
        10,
        86_400_000,
        7_500_000,
        'Longest silence of the app, in milliseconds; 2 h 5 min, since Inngest lets a step run 2 h.',
      ),
    })
    .prefault({}),
  shutdown: z
    .strictObject({
      drainTimeoutMs: integer(0, 86_400_000, 30_000, 'Time for calls in flight, in milliseconds.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    })
    .prefault({}),
  routes: z.array(route).min(1),
})

export type Config = z.output<typeof configSchema>
export type RouteConfig = Config['routes'][number]

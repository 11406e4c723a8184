/**
 * The shape of the configuration file: every key with its meaning, unit, range and default. The checks here are
 * for values, and for keys that depend on each other. cross-checks.ts finds conflicts between listeners and
 * between routes, and load.ts reads files and the environment.
 */
import { z } from 'zod'

import type { CheckModes } from '../../admit/policy.ts'
import { parseRange } from '../../ip/address-ranges.ts'
import { externalAuthSchema } from './external-auth.ts'
import { checksSchema, mergeModes, modesProblem, freshnessSchema } from './checks.ts'
import { bytes, integer, milliseconds, listenHost, file } from './values.ts'
import { limitsSchema } from './limits.ts'
import { opsSchema } from './ops.ts'
import { inngestRangesSchema } from './ranges.ts'
import { sectionToCode, type AllInCode } from './code-names.ts'
import { formatQuantity, notations } from './units.ts'
import { replaySchema } from './replay.ts'
import { range, routeSchema, type RouteConfig } from './route.ts'
import { MAX_WORKERS, placesOf, roomForWorkers, workersSchema } from './worker-count.ts'

/** The word in `allowlist` for the ranges that Inngest publishes. */
export const inngestKeyword = 'inngest'

const allowed = z.string().superRefine((value, context) => {
  if (value === inngestKeyword) return
  const reading = parseRange(value)
  if (!reading.ok) context.addIssue({ code: 'custom', message: `inngest, or ${reading.expected}` })
})

const listenerTls = z.strictObject({
  certFile: file.describe('Path of the certificate chain (PEM). Reloaded when the file changes.'),
  keyFile: file.describe(
    'Path of the private key (PEM) for `certFile`. Reloaded when the file changes.',
  ),
  clientCaFile: file
    .optional()
    .describe(
      'Path of CA certificates (PEM). If set, clients must present a certificate signed by one of them. Default: no client certificates.',
    ),
  minVersion: z
    .enum(['TLSv1.2', 'TLSv1.3'])
    .default('TLSv1.2')
    .describe('Minimum TLS version. Default TLSv1.2.'),
})

const traffic = z
  .strictObject({
    host: listenHost('0.0.0.0'),
    port: integer(0, 65535, 8080, 'Port to listen on; 0 selects a free port.'),
    proxyProtocol: z
      .boolean()
      .default(false)
      .describe(
        'Whether connections from trusted proxies must begin with a PROXY protocol header (v1 or v2). Default false.',
      ),
    tls: listenerTls.optional().describe('TLS on this listener. Default: plain HTTP.'),
  })
  .prefault({})
  .describe('Listener for requests from Inngest and other clients.')

const includePattern = z.string().min(1)

const shape = z.strictObject({
  include: z
    .union([includePattern, z.array(includePattern).min(1)], {
      error: 'a file or pattern such as conf.d/*.yaml, or a list of them',
    })
    .optional()
    .describe(
      'Files with further routes: a path relative to this file, with `*` and `?` in the file name, or a list of them. Default none.',
    ),
  listen: traffic,
  ops: opsSchema,
  externalAuth: externalAuthSchema,
  workers: workersSchema,
  allowlist: z
    .array(allowed)
    .min(1)
    .default([inngestKeyword])
    .describe(
      'Client addresses allowed on Inngest routes: CIDRs, and `inngest` for the published ranges.',
    ),
  inngestRanges: inngestRangesSchema,
  trustedProxies: z
    .array(range)
    .default([])
    .describe(
      'Addresses of proxies whose X-Forwarded-For or PROXY header is trusted. Default: no proxies.',
    ),
  checks: checksSchema,
  freshness: freshnessSchema.prefault({}),
  replay: replaySchema,
  limits: limitsSchema,
  upstream: z
    .strictObject({
      connectTimeout: milliseconds('10ms', '10m', '5s', 'Maximum time to connect to the app.'),
      responseTimeout: milliseconds(
        '10ms',
        '1d',
        '2h5m',
        'Maximum time without data from the app while it responds. Keep it longer than 2 h: Inngest lets a step run 2 h.',
      ),
      keepAliveTimeout: milliseconds(
        '100ms',
        '1h',
        '1s',
        'How long an idle connection to the app stays open. Set less than the keep-alive timeout of the app: 2 s for gunicorn, 5 s for Node and uvicorn. A `Keep-Alive` header of the app shortens it.',
      ),
      maxResponseHeaderSize: bytes(
        '1KiB',
        '1MiB',
        '64KiB',
        "Maximum size of the headers of the app's response; larger ones become a 502.",
      ),
    })
    .prefault({}),
  shutdown: z
    .strictObject({
      delay: milliseconds(
        '0s',
        '10m',
        '5s',
        'How long a stopping gateway still accepts requests while /readyz returns 503. Set more than the load balancer needs to notice.',
      ),
      drainTimeout: milliseconds(
        '0s',
        '1d',
        '20s',
        'Maximum time to finish requests in flight after `shutdown.delay`; a step may run 2 h.',
      ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe(
          'Minimum severity of logged lines: `debug`, `info`, `warn`, `error`, or `silent` for none. A request is logged as `info`, a failed request as `error`. Default info.',
        ),
    })
    .prefault({}),
  routes: z.array(routeSchema).min(1),
})

/** @returns the peers that `trustedProxies` has to include; undefined if none is missing. */
function missingProxies({
  listen,
  externalAuth,
  trustedProxies,
}: z.output<typeof shape>): string | undefined {
  if (trustedProxies.length > 0) return undefined
  if (listen.proxyProtocol) {
    return 'the proxies that send PROXY headers, since listen.proxyProtocol is true'
  }
  return (
    externalAuth &&
    'the proxies that ask, since external authorization is configured: they know the client'
  )
}

interface RouteProblem {
  readonly path: (string | number)[]
  readonly message: string
}

/** @returns what a route needs in place of `resignWith`; undefined if `resignWith` is allowed. */
function resignProblem({ signature }: CheckModes, hasExternalAuth: boolean): string | undefined {
  if (hasExternalAuth) {
    return 'nothing, since externalAuth is configured: another proxy then forwards requests, with the signature that they came with'
  }
  if (signature !== 'off') return undefined
  return 'nothing, since checks.signature is off: only a verified request is re-signed'
}

/** Conflicts between a route and the settings for all routes. */
function routeProblems(
  { checks, limits, workers, externalAuth }: z.output<typeof shape>,
  route: RouteConfig,
  i: number,
): RouteProblem[] {
  const problems: RouteProblem[] = []
  if (workers !== 'auto' && workers > Math.max(placesOf(route), 1) && workers <= MAX_WORKERS) {
    const message = `at least ${String(workers)}, one for each of the workers, or fewer workers`
    problems.push({ path: ['routes', i, 'limits', 'maxRequestsInFlight'], message })
  }
  if (route.maxBodySize !== undefined && route.maxBodySize > limits.maxBodySize) {
    const most = formatQuantity(limits.maxBodySize, notations.Bytes)
    const message = `at most limits.maxBodySize, which is ${most}`
    problems.push({ path: ['routes', i, 'maxBodySize'], message })
  }
  return [...problems, ...signingProblems(checks, externalAuth !== undefined, route, i)]
}

function signingProblems(
  checks: z.output<typeof shape>['checks'],
  hasExternalAuth: boolean,
  route: RouteConfig,
  i: number,
): RouteProblem[] {
  if (route.policy === 'passthrough') return []
  const problems: RouteProblem[] = []
  const modes = mergeModes(checks, route.checks)
  if (route.encryption === 'require' && modes.signature !== 'enforce') {
    const message = 'report or off, or checks.signature: enforce: only verified bodies are read'
    problems.push({ path: ['routes', i, 'encryption'], message })
  }
  if (route.encryption === 'report' && modes.signature === 'off') {
    const message = 'off, or checks.signature: enforce or report: only verified bodies are read'
    problems.push({ path: ['routes', i, 'encryption'], message })
  }
  const resign = resignProblem(modes, hasExternalAuth)
  if (route.resignWith !== undefined && resign !== undefined) {
    problems.push({ path: ['routes', i, 'resignWith'], message: resign })
  }
  const problem = modesProblem(modes, route.policy)
  if (problem !== undefined) {
    const { check, expected: message } = problem
    const path = route.checks?.[check] === undefined ? ['checks'] : ['routes', i, 'checks']
    problems.push({ path: [...path, check], message })
  }
  return problems
}

/** With the checks that need two values. */
export const configSchema = shape.superRefine((config, context) => {
  const { workers, limits, routes } = config
  const missing = missingProxies(config)
  if (missing !== undefined) {
    context.addIssue({ code: 'custom', path: ['trustedProxies'], message: missing })
  }
  for (const { path, message } of routes.flatMap((route, i) => routeProblems(config, route, i))) {
    context.addIssue({ code: 'custom', path, message })
  }
  const room = roomForWorkers(sectionToCode('limits', limits))
  if (room === 0) {
    const shown = (size: number) => formatQuantity(size, notations.Bytes)
    const message = `at least twice limits.maxBodySize, which is ${shown(limits.maxBodySize)}`
    const input = shown(limits.maxBufferedSize)
    context.addIssue({ code: 'custom', path: ['limits', 'maxBufferedSize'], message, input })
  } else if (workers !== 'auto' && workers > room && workers <= MAX_WORKERS) {
    const message = `at most ${String(room)}, for each of which limits.maxBufferedSize has room for two bodies`
    context.addIssue({ code: 'custom', path: ['workers'], message })
  }
})

/**
 * With the names of the code: the result of `toCode` for a validated file. Without `include`: `routes` contains
 * the routes of the included files.
 */
export type Config = AllInCode<Omit<z.output<typeof configSchema>, 'include'>>

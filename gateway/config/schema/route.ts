/** The shape of a route: for Inngest's requests, or for what the app serves in addition. */
import { z } from 'zod'

import { reentryChecks } from '../../admit/route-checks.ts'
import { parseAuthority } from '../../ip/authority.ts'
import { parseRange } from '../../ip/address-ranges.ts'
import { routeChecksSchema } from './checks.ts'
import { routeLimitsSchema } from './route-limits.ts'
import { servedAppsSchema } from './served-apps.ts'
import { encryptionKeys } from './encryption.ts'
import { file, secret, isRoutePath, optionalBytes, ROUTE_PATH } from './values.ts'
import { parseServeOrigin, parseUpstream } from '../origin.ts'

/** A string that passes `isValid`; if it does not, the message is `expected`. */
function text(expected: string, isValid: (value: string) => boolean) {
  return z.string().refine(isValid, { error: expected })
}

export const range = z.string().superRefine((value, context) => {
  const reading = parseRange(value)
  if (!reading.ok) context.addIssue({ code: 'custom', message: reading.expected })
})

function unsigned(what: string, body: string) {
  return z
    .union([z.literal('deny'), z.strictObject({ allowFrom: z.array(range).min(1) })], {
      error: 'deny, or allowFrom: with CIDRs',
    })
    .default('deny')
    .describe(
      `Whether ${what} without a signature is admitted. \`deny\`: it is refused. \`allowFrom\`: it is admitted from these CIDRs, which need not be in \`allowlist\`, if it has ${body}. Default deny.`,
    )
}

const shape = z.strictObject({
  name: text('a name of a-z, 0-9, _ and -, other than unmatched', (value) =>
    /^(?!unmatched$)[a-z0-9][a-z0-9_-]{0,62}$/.test(value),
  ).describe('Name of the route in metrics and logs. Must be unique.'),
  policy: z
    .enum(['inngest', 'passthrough', 'durable'])
    .default('inngest')
    .describe(
      '`inngest`: requests are verified. `passthrough`: requests are forwarded unverified. `durable`: for durable endpoints; re-entries by Inngest are verified, requests of users are forwarded without any Inngest header. Default inngest.',
    ),
  host: text(
    'a host name or address with an optional port',
    (value) => parseAuthority(value) !== undefined,
  )
    .optional()
    .describe(
      '`Host` of the requests. Letter case, a final dot, and the ports 80 and 443 are ignored. Default: any host. A durable route requires `host` or `serveOrigin`, and forwards `Host` as written there.',
    ),
  path: text(ROUTE_PATH, isRoutePath)
    .optional()
    .describe(
      'Exact path of the requests; default INNGEST_SERVE_PATH for a single Inngest route, else /api/inngest. On a passthrough or durable route, this path and all paths below it; default /.',
    ),
  upstream: text(
    'http://host:port, https://host:port or unix:/path/to.sock, without path, query or credentials',
    (value) => parseUpstream(value) !== undefined,
  ).describe(
    'URL of the app: http://host:port, https://host:port or unix:/path/to.sock. The certificate of an https upstream is always verified.',
  ),
  upstreamTls: z
    .strictObject({
      caFile: file
        .optional()
        .describe(
          'Path of CA certificates (PEM) to verify the app. Default: the CA certificates of Node.js.',
        ),
      certFile: file
        .optional()
        .describe('Path of the client certificate (PEM) for TLS to the app. Requires `keyFile`.'),
      keyFile: file.optional().describe('Path of the private key (PEM) for `certFile`.'),
      serverName: text('a host name', (value) => /^[a-z0-9._-]+$/i.test(value))
        .optional()
        .describe(
          'Host name expected in the certificate of the app. Default: the host in `upstream`.',
        ),
    })
    .optional(),
  serveOrigin: text(
    'an origin such as https://app.example.com',
    (value) => parseServeOrigin(value) !== undefined,
  )
    .optional()
    .describe(
      'Public origin of the app, forwarded to it as `Host` and scheme. With external authorization, every request must carry this host. Default: INNGEST_SERVE_ORIGIN for a single Inngest route, else unchanged.',
    ),
  signingKeys: z
    .array(secret)
    .min(1)
    .optional()
    .describe(
      'Signing keys by reference, tried in order: `env: NAME` or `file: /path`. Required on Inngest and durable routes.',
    ),
  resignWith: secret
    .optional()
    .describe(
      'Signing key of the app by reference, `env: NAME` or `file: /path`, for an SDK that knows one key only: each verified request is forwarded with a new signature by this key, over the same body and time. Default: with the signature that it came with.',
    ),
  requireOwnKeys: z
    .boolean()
    .default(false)
    .describe(
      'Durable routes only: whether each signing key of the route must be one that no Inngest route uses, that of an environment of its own. Otherwise the signature of an introspection, which is made over an empty body, is also that of a re-entry with an empty body. Default false.',
    ),
  apps: servedAppsSchema,
  introspection: z
    .boolean()
    .default(true)
    .describe('Whether signed GET requests reach the app. Default true.'),
  checks: routeChecksSchema,
  unsignedPut: unsigned(
    'a sync',
    'no body, or only `{"url": …}` of at most 4096 bytes (as the dashboard of a self-hosted Inngest sends it)',
  ),
  unsignedGet: unsigned('an introspection', 'no body'),
  syncAuthorities: z
    .array(
      text(
        'a host name or address with an optional port',
        (value) => parseAuthority(value) !== undefined,
      ),
    )
    .min(1)
    .optional()
    .describe(
      'Additional hosts (`host` or `host:port`) allowed in the `url` of a sync, besides `host` and `serveOrigin`. Default: no additional hosts; any host if the route has neither `host` nor `serveOrigin`.',
    ),
  legacyServer: z
    .boolean()
    .default(false)
    .describe(
      'Set to true only if the Inngest server is older than 1.13.5. Such a server signs parallel steps identically, so a function call whose signed body has no dispatch id is claimed with `fnId` and `stepId`, which are not signed: a captured call can be replayed with other values of `fnId` and `stepId`. Default false.',
    ),
  limits: routeLimitsSchema
    .optional()
    .describe(
      'Inngest routes only: limits of the function calls (POST) that the app gets. Default: none.',
    ),
  ...encryptionKeys,
  allowlist: z
    .array(range)
    .min(1)
    .optional()
    .describe(
      'Passthrough and durable routes only: client addresses that are allowed; on a durable route those of users, since re-entries need an address in the global `allowlist`. Default: all.',
    ),
  maxBodySize: optionalBytes(
    { minimum: '1B', maximum: '1GiB', fallback: '1GiB' },
    'Durable routes only: maximum size of the body of a user’s request; at most `limits.maxBodySize`, since Inngest sends the body again in each re-entry.',
    '`limits.maxBodySize`',
  ),
  maxRequestsInFlight: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'Durable routes only: maximum number of requests of users in flight on this route; further ones get 503. 1 to 1000000. Default: bounded by `limits.maxRequestsInFlight` only.',
    ),
})

type Route = z.output<typeof shape>

/** A key of the route, and what is expected of it. */
type Problem = readonly [key: string, expected: string]

/** Keys that a route requires or forbids because of its other keys. */
export const routeSchema = shape.superRefine((route, context) => {
  const problems = [...problemsOf[route.policy](route), ...upstreamTlsProblems(route)]
  for (const [key, message] of problems) {
    context.addIssue({ code: 'custom', path: [key], message })
  }
})

const KEYS_MISSING = ['signingKeys', 'a list of references, env: NAME or file: /path'] as const

function inngestProblems(route: Route): Problem[] {
  const problems = durableKeys(route).map((key): Problem => [key, expectedForInngest(key)])
  if (route.signingKeys === undefined) problems.push(KEYS_MISSING)
  if (route.encryption === 'off' && route.encryptionMiddleware !== undefined) {
    problems.push(['encryptionMiddleware', 'nothing unless encryption is report or require'])
  }
  if (route.allowlist !== undefined) {
    problems.push([
      'allowlist',
      'nothing unless policy is passthrough or durable; the one for Inngest is global',
    ])
  }
  // From `Host`, an app builds the URL that it registers with Inngest.
  const isPinned = route.serveOrigin !== undefined || route.host !== undefined
  if (route.unsignedPut !== 'deny' && !isPinned) {
    problems.push(['serveOrigin', 'an origin, so that an unsigned sync cannot choose the URL'])
  }
  return problems
}

function expectedForInngest(key: string): string {
  const expected = 'nothing unless policy is durable'
  return key === 'maxRequestsInFlight'
    ? `${expected}; on an Inngest route write limits.maxRequestsInFlight`
    : expected
}

const ENCRYPTION_DURABLE =
  'off on a durable route, whose bodies users send in plain; set encryption on the Inngest route'

function durableProblems(route: Route): Problem[] {
  const problems = inngestKeys(route).map((key): Problem => [
    key,
    'nothing unless policy is inngest',
  ])
  if (route.encryption !== 'off') problems.push(['encryption', ENCRYPTION_DURABLE])
  if (route.signingKeys === undefined) problems.push(KEYS_MISSING)
  if (route.host === undefined && route.serveOrigin === undefined) {
    problems.push([
      'serveOrigin',
      'serveOrigin: https://… or host: … on a durable route: the app has Inngest call back at the Host that it gets',
    ])
  }
  const modes = Object.entries(route.checks ?? {})
  const others = modes.filter(([check, mode]) => mode !== undefined && !isReentryCheck(check))
  if (others.length > 0) {
    problems.push(['checks', `nothing but ${reentryChecks.join(', ')} on a durable route`])
  }
  return problems
}

function isReentryCheck(check: string): boolean {
  return reentryChecks.some((each) => each === check)
}

/** Keys that are set, but only apply to an Inngest route. */
function inngestKeys(route: Route): string[] {
  return [
    route.unsignedPut !== 'deny' && 'unsignedPut',
    route.unsignedGet !== 'deny' && 'unsignedGet',
    route.apps !== undefined && 'apps',
    !route.introspection && 'introspection',
    route.syncAuthorities !== undefined && 'syncAuthorities',
    route.legacyServer && 'legacyServer',
    route.limits !== undefined && 'limits',
    route.encryptionMiddleware !== undefined && 'encryptionMiddleware',
  ].filter((key) => key !== false)
}

/** Keys that are set, but only apply to a durable route. */
function durableKeys(route: Route): string[] {
  return [
    route.requireOwnKeys && 'requireOwnKeys',
    route.maxBodySize !== undefined && 'maxBodySize',
    route.maxRequestsInFlight !== undefined && 'maxRequestsInFlight',
  ].filter((key) => key !== false)
}

function passthroughProblems(route: Route): Problem[] {
  const signing = (['signingKeys', 'resignWith'] as const).filter((key) => route[key] !== undefined)
  const encryption = route.encryption === 'off' ? [] : ['encryption']
  const problems = [...signing, ...encryption, ...inngestKeys(route)].map((key): Problem => [
    key,
    'nothing, since a passthrough route verifies nothing',
  ])
  for (const key of durableKeys(route)) problems.push([key, 'nothing unless policy is durable'])
  const { allowlist: _, ...verifying } = route.checks ?? {}
  if (Object.values(verifying).some((mode) => mode !== undefined)) {
    problems.push(['checks', 'nothing but allowlist, since a passthrough route verifies nothing'])
  }
  return problems
}

const problemsOf = {
  inngest: inngestProblems,
  passthrough: passthroughProblems,
  durable: durableProblems,
} as const satisfies Record<Route['policy'], (route: Route) => Problem[]>

function upstreamTlsProblems({ upstream, upstreamTls }: Route): Problem[] {
  if (upstreamTls === undefined) return []
  const problems: Problem[] = []
  if (!upstream.startsWith('https:')) {
    problems.push(['upstreamTls', 'nothing, since the upstream is not https'])
  }
  if ((upstreamTls.certFile === undefined) !== (upstreamTls.keyFile === undefined)) {
    problems.push(['upstreamTls', 'both certFile and keyFile, or neither'])
  }
  return problems
}

export type RouteConfig = Route

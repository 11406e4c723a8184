/** The shape of a route: what Inngest calls, or what the app serves beside it. */
import { z } from 'zod'

import { parseAuthority } from '../../ip/authority.ts'
import { parseRange } from '../../ip/address-ranges.ts'
import { routeChecksSchema } from './checks.ts'
import { file, secret, isRoutePath, ROUTE_PATH } from './values.ts'
import { parseServeOrigin, parseUpstream } from '../origin.ts'

/** A string that `isValid` takes; `expected` is what the operator is told otherwise. */
function text(expected: string, isValid: (value: string) => boolean) {
  return z.string().refine(isValid, { error: expected })
}

export const range = z.string().superRefine((value, context) => {
  const reading = parseRange(value)
  if (!reading.ok) context.addIssue({ code: 'custom', message: reading.expected })
})

function unsigned(what: string, withBody: string) {
  return z
    .union([z.literal('deny'), z.strictObject({ allowFrom: z.array(range).min(1) })], {
      error: 'deny, or allowFrom: with CIDRs',
    })
    .default('deny')
    .describe(
      `${what} without a signature and ${withBody}: \`deny\`, or \`allowFrom\` CIDRs, which need not be in \`allowlist\`. Default deny.`,
    )
}

const shape = z.strictObject({
  name: text('a name of a-z, 0-9, _ and -, other than unmatched', (value) =>
    /^(?!unmatched$)[a-z0-9][a-z0-9_-]{0,62}$/.test(value),
  ).describe('Name of the route in metrics and logs. Must be unique.'),
  policy: z
    .enum(['inngest', 'passthrough'])
    .default('inngest')
    .describe(
      '`inngest`: requests are verified. `passthrough`: requests are forwarded unverified. Default inngest.',
    ),
  host: text(
    'a host name or address with an optional port',
    (value) => parseAuthority(value) !== undefined,
  )
    .optional()
    .describe(
      '`Host` of the requests. Letter case, a final dot, and the ports 80 and 443 are ignored. Default: any host.',
    ),
  path: text(ROUTE_PATH, isRoutePath)
    .optional()
    .describe(
      'Exact path of the requests; default INNGEST_SERVE_PATH for a single Inngest route, else /api/inngest. On a passthrough route, this path and all paths below it; default /.',
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
      'Signing keys by reference, tried in order: `env: NAME` or `file: /path`. Required on Inngest routes.',
    ),
  introspection: z
    .boolean()
    .default(true)
    .describe('Whether signed GET requests reach the app. Default true.'),
  checks: routeChecksSchema,
  unsignedPut: unsigned(
    'A sync',
    'without a body other than `{"url": …}` of at most 4096 bytes (the dashboard of a self-hosted Inngest)',
  ),
  unsignedGet: unsigned('An introspection', 'without a body'),
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
  allowlist: z
    .array(range)
    .min(1)
    .optional()
    .describe('Passthrough routes only: allowed client addresses. Default: all.'),
})

type Route = z.output<typeof shape>

/** What a route needs or cannot have because of its other keys. */
export const routeSchema = shape.superRefine((route, context) => {
  const problems = [
    ...(route.policy === 'inngest' ? inngestProblems(route) : passthroughProblems(route)),
    ...upstreamTlsProblems(route),
  ]
  for (const [key, message] of problems) {
    context.addIssue({ code: 'custom', path: [key], message })
  }
})

function inngestProblems(route: Route): [string, string][] {
  const problems: [string, string][] = []
  if (route.signingKeys === undefined) {
    problems.push(['signingKeys', 'a list of references, env: NAME or file: /path'])
  }
  if (route.allowlist !== undefined) {
    problems.push([
      'allowlist',
      'nothing unless policy is passthrough; the one for Inngest is global',
    ])
  }
  // An app builds the URL that it registers with Inngest from `Host`.
  const isPinned = route.serveOrigin !== undefined || route.host !== undefined
  if (route.unsignedPut !== 'deny' && !isPinned) {
    problems.push(['serveOrigin', 'an origin, so that an unsigned sync cannot choose the URL'])
  }
  return problems
}

function passthroughProblems(route: Route): [string, string][] {
  const misplaced = [
    route.signingKeys !== undefined && 'signingKeys',
    route.unsignedPut !== 'deny' && 'unsignedPut',
    route.unsignedGet !== 'deny' && 'unsignedGet',
    !route.introspection && 'introspection',
    route.syncAuthorities !== undefined && 'syncAuthorities',
    route.legacyServer && 'legacyServer',
  ].filter((key) => key !== false)
  const problems: [string, string][] = misplaced.map((key) => [
    key,
    'nothing, since a passthrough route verifies nothing',
  ])
  const { allowlist: _, ...verifying } = route.checks ?? {}
  if (Object.values(verifying).some((mode) => mode !== undefined)) {
    problems.push(['checks', 'nothing but allowlist, since a passthrough route verifies nothing'])
  }
  return problems
}

function upstreamTlsProblems({ upstream, upstreamTls }: Route): [string, string][] {
  if (upstreamTls === undefined) return []
  const problems: [string, string][] = []
  if (!upstream.startsWith('https:')) {
    problems.push(['upstreamTls', 'nothing, since the upstream is not https'])
  }
  if ((upstreamTls.certFile === undefined) !== (upstreamTls.keyFile === undefined)) {
    problems.push(['upstreamTls', 'both certFile and keyFile, or neither'])
  }
  return problems
}

export type RouteConfig = Route

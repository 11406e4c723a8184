/** The listener for the operator: metrics, health and, if enabled, the status page. */
import { z } from 'zod'

import { parseAuthority } from '../../ip/authority.ts'
import { integer, listenHost, secret } from './values.ts'
import { isLoopback } from '../../ip/special-purpose.ts'

const statusPage = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Whether /status serves a status page (docs/how-to/status-page.md). Default false.',
      ),
    token: secret
      .optional()
      .describe(
        'Token required to read the status page, by reference: `env: NAME` or `file: /path`. Optional only if `ops.host` is a loopback address.',
      ),
  })
  .prefault({})

export const opsSchema = z
  .strictObject({
    host: listenHost('127.0.0.1'),
    port: integer(0, 65535, 9090, 'Port to listen on; 0 takes a free one.'),
    hosts: z
      .array(
        z
          .string()
          .refine(
            (value) =>
              parseAuthority(value)?.port === undefined && parseAuthority(value) !== undefined,
            {
              error: 'a host name without a port',
            },
          ),
      )
      .default([])
      .describe(
        'Additional host names allowed in `Host` when `/metrics` is scraped. IP addresses, localhost, names without a dot, and names below .local, .internal, .svc, .localhost and .home.arpa are always allowed. Default none.',
      ),
    statusPage,
  })
  .superRefine(({ host, statusPage: { enabled, token } }, context) => {
    if (!enabled || token !== undefined || isLoopback(host)) return
    const message = `a token, since ops.host ${host} is reached from elsewhere`
    context.addIssue({ code: 'custom', path: ['statusPage', 'token'], message })
  })
  .prefault({})
  .describe('Listener for /metrics, /healthz, /readyz and, if enabled, the status page.')

/** A listener for proxies that request authorization and forward the request themselves. */
import { z } from 'zod'

import { externalAuthProtocols } from '../../admit/policy.ts'
import { integer, listenHost } from './values.ts'

export const externalAuthSchema = z
  .strictObject({
    host: listenHost('127.0.0.1'),
    port: integer(0, 65535, 8081, 'Port to listen on; 0 takes a free one.'),
    protocol: z
      .enum(externalAuthProtocols)
      .describe(
        'How the proxy describes the request to authorize: as the authorization request itself (`ext_authz`, Envoy), or in X-Forwarded-Method, -Host and -Uri (`forward_auth`, Traefik, nginx, Caddy).',
      ),
    pathPrefix: z
      .string()
      .regex(/^(?:\/[^?#\s]*)?$/, 'empty, or a path that begins with /')
      .default('')
      .describe(
        'Path prefix that the proxy adds to authorization requests (`ext_authz` only). Default: none.',
      ),
  })
  .optional()
  .describe(
    'Listener for external authorization: a proxy sends authorization requests here and forwards authorized requests itself. Default: no listener.',
  )

/** A listener for proxies that ask before they pass a request on, instead of passing it through here. */
import { z } from 'zod'

import { questionForms } from '../../admit/policy.ts'
import { integer } from './values.ts'
import { listenHost } from './values.ts'

export const authorizerSchema = z
  .strictObject({
    host: listenHost('127.0.0.1'),
    port: integer(0, 65535, 8081, 'Port to listen on; 0 takes a free one.'),
    question: z
      .enum(questionForms)
      .describe(
        'Which request is asked about: the question itself (`request`, as Envoy asks), or what its X-Forwarded-Method, -Host and -Uri say (`forwarded`, as Traefik asks).',
      ),
    pathPrefix: z
      .string()
      .regex(/^(?:\/[^?#\s]*)?$/, 'empty, or a path that begins with /')
      .default('')
      .describe('What the proxy puts before the path, for `request`. Default: nothing.'),
  })
  .optional()
  .describe('Answer proxies that only ask, on a listener of its own. Default: do not.')

import process from 'node:process'

import { serve as listen } from '@hono/node-server'
import { serve } from 'inngest/edge'

import { makeParts } from '../encrypted.js'

const handlers = {
  '/api/inngest': serve(makeParts()),
}

// What an edge runtime does: it hands a web Request to the handler.
listen({
  fetch: (request) =>
    handlers[new URL(request.url).pathname]?.(request) ?? new Response(null, { status: 404 }),
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
})

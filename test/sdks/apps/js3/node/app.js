import { createServer } from 'node:http'
import process from 'node:process'

import { serve } from 'inngest/node'

import { makeParts } from '../functions.js'

const handler = serve(makeParts())

createServer((request, response) => {
  if (new URL(request.url, 'http://localhost').pathname === '/api/inngest') {
    handler(request, response)
  } else response.writeHead(404).end()
}).listen(Number(process.env.PORT), '127.0.0.1')

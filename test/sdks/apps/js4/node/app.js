import { step } from 'inngest'
import { endpointAdapter, serve, serveEndpoint } from 'inngest/node'

import { makeParts } from '../encrypted.js'
import { makeClient } from '../functions.js'
import { listen } from '../listen.js'

const client = makeClient({ endpointAdapter })
const parts = makeParts(client)

const endpoint = client.endpoint(async () => {
  const first = await step.run('first', () => 'one')
  await step.sleep('wait', '1s')
  const second = await step.run('second', () => 'two')
  return Response.json({ results: [first, second] })
})

const handlers = {
  '/api/inngest': serve(parts),
  '/api/streaming': serve({ ...parts, streaming: true }),
  '/durable': serveEndpoint(endpoint),
}

listen((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  const handler = handlers[pathname]
  if (handler) handler(request, response)
  else response.writeHead(404).end()
})

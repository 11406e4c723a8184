/**
 * Stands in for API Gateway: an HTTP API whose route calls a Lambda function, with the payload format 2.0.
 * Modeled: one value for each header (several are joined by commas), the query decoded as well as raw, the
 * body as text, or in base64 if its type is not textual. Left out: stages, authorizers, cookies, the limits of
 * 10 MB and 30 s.
 */
import { text } from 'node:stream/consumers'

import { serve } from 'inngest/lambda'

import { makeParts } from '../encrypted.js'
import { listen } from '../listen.js'

const handler = serve(makeParts())

listen(async (request, response) => {
  const { pathname, search, searchParams } = new URL(request.url, 'http://localhost')
  if (pathname !== '/api/inngest') return response.writeHead(404).end()
  const body = await text(request)
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)])
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers: Object.fromEntries(headers),
    queryStringParameters: Object.fromEntries(searchParams),
    requestContext: {
      stage: '$default',
      domainName: request.headers.host,
      http: { method: request.method, path: pathname, protocol: 'HTTP/1.1' },
    },
    ...(body !== '' && { body }),
    isBase64Encoded: false,
  }
  const result = await handler(event, {})
  response.writeHead(result.statusCode, result.headers).end(result.body)
})

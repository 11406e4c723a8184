/** Sends as Inngest's client does (`pkg/execution/exechttp`): it follows redirects, and decodes gzip. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

import type { Request } from './call.ts'

export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Send = (request: Request) => Promise<Response>

const MOST_REDIRECTS = 3

/** @param port of the app itself, or of the gateway. */
export function sendTo(port: number): Send {
  return async (request) => {
    let next = request
    for (let followed = 0; ; followed += 1) {
      const response = await exchange(port, next)
      const location = response.headers['location']
      if (location === undefined || response.status < 300 || followed === MOST_REDIRECTS)
        return response
      next = redirected(next, response.status, location)
    }
  }
}

/** One request, whose redirect nobody follows. @returns status 0 if the connection was lost. */
export async function exchange(port: number, request: Request): Promise<Response> {
  const { method, target, headers, body } = request
  const isChunked = 'Transfer-Encoding' in headers
  const sent = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path: target,
    agent: false,
    headers: {
      ...headers,
      ...(body !== '' && !isChunked && { 'Content-Length': String(Buffer.byteLength(body)) }),
    },
  }).end(body)
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const bytes = await buffer(response)
    const isGzip = response.headers['content-encoding'] === 'gzip'
    return {
      status: response.statusCode ?? 0,
      headers: flatHeaders(response.headers),
      body: (isGzip ? gunzipSync(bytes) : bytes).toString(),
    }
  } catch (error) {
    return { status: 0, headers: {}, body: String(error) }
  }
}

export function flatHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
  )
}

/** All headers and the signature stay; 301, 302 and 303 make it a GET that still has the body. */
function redirected(request: Request, status: number, location: string): Request {
  const { pathname, search } = new URL(location, 'http://any')
  const [path = '', query] = request.target.split('?')
  const isKept = status === 307 || status === 308
  return {
    ...request,
    method: isKept ? request.method : 'GET',
    target: `${pathname}${query === undefined ? search : `?${query}`}`,
    headers: { ...request.headers, Referer: `http://${request.headers['Host'] ?? ''}${path}` },
  }
}

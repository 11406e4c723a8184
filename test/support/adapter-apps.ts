/**
 * Apps on the SDK's adapters for frameworks that are not installed here. Each adapter is real. Its framework's
 * input is made from the request of Node's HTTP server: a `Request` by `@hono/node-server`, the event of an AWS
 * Lambda, or the request of a page in Next.js.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

import { getRequestListener } from '@hono/node-server'
import { createApp, eventHandler, toNodeListener } from 'h3'
import { serve as serveAstro } from 'inngest/astro'
import { serve as serveBun } from 'inngest/bun'
import { serve as serveCloudflare } from 'inngest/cloudflare'
import { serve as serveEdge } from 'inngest/edge'
import { serve as serveLambda } from 'inngest/lambda'
import { serve as serveNext } from 'inngest/next'
import { serve as serveNitro } from 'inngest/nitro'
import { serve as serveNuxt } from 'inngest/nuxt'
import { serve as serveRemix } from 'inngest/remix'
import { serve as serveSvelteKit } from 'inngest/sveltekit'

import type { Listener } from './framework-apps.ts'

/** The adapters declare their frameworks' own types. */
type AnyHandler = (...args: readonly unknown[]) => unknown

export const adapters: Readonly<Record<string, Listener>> = {
  astro: (parts) => ofRequests(serveAstro(parts) as AnyHandler, (request) => [{ request }]),
  bun: (parts) => ofRequests(serveBun(parts) as AnyHandler, (request) => [request]),
  cloudflare: (parts) =>
    ofRequests(serveCloudflare(parts) as AnyHandler, (request) => [{ request, env: process.env }]),
  edge: (parts) => ofRequests(serveEdge(parts) as AnyHandler, (request) => [request]),
  lambda: (parts) => {
    const handler = serveLambda(parts) as unknown as AnyHandler
    return (request, response) => {
      void answerEvent(handler, request, response)
    }
  },
  'next (app)': (parts) => {
    const handlers = serveNext(parts) as unknown as Record<string, AnyHandler>
    return ofRequests(
      (request) => handlers[(request as Request).method]?.(request),
      (request) => [request],
    )
  },
  'next (pages)': (parts) => {
    const handler = serveNext(parts) as unknown as AnyHandler
    return (request, response) => {
      void answerPage(handler, request, response)
    }
  },
  nitro: (parts) => ofEvents(serveNitro(parts)),
  nuxt: (parts) => ofEvents(serveNuxt(parts)),
  remix: (parts) =>
    ofRequests(serveRemix(parts) as AnyHandler, (request) => [{ request, context: {} }]),
  sveltekit: (parts) => ofRequests(serveSvelteKit(parts), (request) => [{ request }]),
}

function ofRequests(
  handler: AnyHandler,
  argumentsOf: (request: Request) => readonly unknown[],
): RequestListener {
  const listener = getRequestListener(async (request) => await handler(...argumentsOf(request)))
  return (request, response) => {
    void listener(request, response)
  }
}

/** Both are built on h3, and mount a handler without removing its path. */
function ofEvents(handler: Parameters<typeof eventHandler>[0]): RequestListener {
  const app = createApp()
  app.use(eventHandler(handler))
  return toNodeListener(app)
}

interface LambdaResult {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** In the form of API Gateway's event, version 2. */
async function answerEvent(
  handler: AnyHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://any')
  const event = {
    version: '2.0',
    requestContext: { http: { method: request.method, path: pathname } },
    headers: request.headers,
    queryStringParameters: Object.fromEntries(searchParams),
    body: await text(request),
    isBase64Encoded: false,
  }
  const { statusCode, headers, body } = (await handler(event, {})) as LambdaResult
  response.writeHead(statusCode, headers).end(body)
}

/** In the form of `NextApiRequest` and `NextApiResponse`. */
async function answerPage(
  handler: AnyHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text(request)
  const { searchParams } = new URL(request.url ?? '', 'http://any')
  const page = {
    url: request.url,
    method: request.method,
    headers: request.headers,
    query: Object.fromEntries(searchParams),
    body: body === '' ? undefined : (JSON.parse(body) as unknown),
  }
  const shown = Object.assign(response, {
    status: (code: number) => {
      response.statusCode = code
      return shown
    },
    send: (content: string) => {
      response.end(content)
    },
  })
  await handler(page, shown)
}

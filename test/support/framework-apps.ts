/** Apps on the SDK's real adapters, each mounted as the adapter's own documentation shows. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

import { getRequestListener } from '@hono/node-server'
import Fastify from 'fastify'
import { createApp, eventHandler, toNodeListener } from 'h3'
import { Hono, type Context } from 'hono'
import { Inngest } from 'inngest'
import { serve as serveExpress } from 'inngest/express'
import fastifyPlugin from 'inngest/fastify'
import { serve as serveH3 } from 'inngest/h3'
import { serve as serveHono } from 'inngest/hono'
import { serve as serveKoa } from 'inngest/koa'
import { serve as serveNode } from 'inngest/node'

/** Neither package has its own types. */
const load = createRequire(import.meta.url)

interface ExpressApp extends RequestListener {
  use(...handlers: unknown[]): void
  set(setting: string, value: unknown): void
}

const express = load('express') as (() => ExpressApp) & { json(): unknown }

interface KoaContext {
  readonly req: IncomingMessage
  readonly request: { readonly path: string; body?: unknown }
  body: unknown
}

const Koa = load('koa') as new (options: { proxy: boolean }) => {
  use(middleware: (context: KoaContext, next: () => Promise<unknown>) => unknown): void
  callback(): RequestListener
}

export interface FrameworkApp {
  readonly url: string
  /** Targets that reached it. */
  readonly reached: string[]
  stop(): void
}

export interface AppOptions {
  /** The URL of the Inngest that the app registers with. */
  readonly baseUrl?: string
  /** Option of the SDK's `serve()`. */
  readonly serveOrigin?: string
  /** The framework trusts the forwarding headers of a proxy on loopback. */
  readonly trustsProxy?: boolean
}

/** The options of the SDK's `serve()`. */
export type ServeOptions = ReturnType<typeof makeParts>

export type Listener = (
  parts: ServeOptions,
  options: AppOptions,
) => RequestListener | Promise<RequestListener>

const PATH = '/api/inngest'

export const frameworks: Readonly<Record<string, Listener>> = {
  express: (parts, { trustsProxy }) => {
    const app = express()
    if (trustsProxy === true) app.set('trust proxy', 'loopback')
    app.use(express.json())
    app.use(PATH, serveExpress(parts))
    app.use((_request: unknown, response: { end(text: string): void }) => {
      response.end('the rest of the app')
    })
    return app
  },
  fastify: async ({ client, functions }, { serveOrigin, trustsProxy }) => {
    const app = Fastify({ trustProxy: trustsProxy === true ? 'loopback' : false })
    // Next to `options` it would be silently ignored.
    const options = serveOrigin === undefined ? {} : { serveOrigin }
    await app.register(fastifyPlugin, { client, functions, options })
    app.all('*', () => 'the rest of the app')
    await app.ready()
    return (request, response) => {
      app.routing(request, response)
    }
  },
  h3: (parts) => {
    const app = createApp()
    app.use(PATH, eventHandler(serveH3(parts)))
    app.use(eventHandler(() => 'the rest of the app'))
    return toNodeListener(app)
  },
  hono: (parts) => {
    const app = new Hono()
    const handler = serveHono(parts)
    app.use(PATH, async (context) => handler(context as Context))
    app.all('*', (context) => context.text('the rest of the app'))
    const listener = getRequestListener(app.fetch)
    return (request, response) => {
      void listener(request, response)
    }
  },
  koa: (parts, { trustsProxy }) => {
    const app = new Koa({ proxy: trustsProxy === true })
    const handler = serveKoa(parts) as (context: KoaContext) => unknown
    // Replaces koa-bodyparser, which the adapter needs.
    app.use(async ({ req, request }, next) => {
      const body = await text(req)
      request.body = body === '' ? {} : JSON.parse(body)
      await next()
    })
    app.use((context) => {
      if (context.request.path === PATH) return handler(context)
      context.body = 'the rest of the app'
      return undefined
    })
    return app.callback()
  },
  node: (parts) => {
    const handler = serveNode(parts)
    return (request, response) => {
      if (request.url?.startsWith(PATH) === true) handler(request, response)
      else response.end('the rest of the app')
    }
  },
}

export async function startFrameworkApp(
  makeListener: Listener,
  signingKey: string,
  options: AppOptions = {},
): Promise<FrameworkApp> {
  const listener = await makeListener(makeParts(signingKey, options), options)
  const reached: string[] = []
  const server: Server = createServer((request, response) => {
    reached.push(`${request.method ?? ''} ${request.url ?? ''}`)
    listener(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    reached,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** By default, nothing listens at the address that it would register with. */
function makeParts(
  signingKey: string,
  { baseUrl = 'http://127.0.0.1:9', serveOrigin }: AppOptions,
) {
  const client = new Inngest({ id: 'shop', isDev: false, eventKey: 'test', signingKey, baseUrl })
  const hello = client.createFunction(
    { id: 'hello', triggers: [{ event: 'shop/hello' }] },
    () => 'hello from the function',
  )
  return { client, functions: [hello], ...(serveOrigin !== undefined && { serveOrigin }) }
}

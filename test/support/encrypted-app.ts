/**
 * Apps on the real SDK, versions 3 and 4, with or without the real encryption middleware for each: steps of
 * several kinds, and events that they send to a server of the test.
 */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { registerHooks } from 'node:module'
import type { AddressInfo } from 'node:net'

import { encryptionMiddleware } from '@inngest/middleware-encryption'
import { Inngest, type Middleware as Middleware4 } from 'inngest'
import { serve } from 'inngest/node'
import { Inngest as Inngest3, type InngestMiddleware } from 'inngest-3'
import { serve as serve3 } from 'inngest-3/node'

/** Version 1 of the middleware imports `inngest`, which is version 4 here. */
registerHooks({
  resolve: (specifier, context, next) => {
    const isOld = context.parentURL?.includes('/middleware-encryption-1/') === true
    return next(isOld && specifier === 'inngest' ? 'inngest-3' : specifier, context)
  },
})

export type Middleware = 'none' | '1.0.2 on SDK 3' | '2.0.0 on SDK 4' | '2.0.0, version 0'

export interface EncryptedApp {
  readonly url: string
  /** Requests that reached it. */
  readonly reached: string[]
  /** The decrypted values that the function received. */
  readonly seen: unknown[]
  /**
   * Sends an event with the SDK.
   * @returns the event as Inngest gets it.
   */
  sendEvent(data: Readonly<Record<string, unknown>>): Promise<unknown>
  stop(): void
}

const key = 'an encryption key of the tests'

interface Step {
  run(id: string, work: () => unknown): Promise<unknown>
  sleep(id: string, time: string): Promise<void>
  waitForEvent(id: string, options: { event: string; timeout: string }): Promise<unknown>
}

/** The same function for both versions. */
async function work(event: unknown, step: Step, seen: unknown[]): Promise<unknown> {
  const one = await step.run('one', () => ({ secret: 'first result' }))
  await step.sleep('rest', '1s')
  const waited = await step.waitForEvent('wait', { event: 'shop/paid', timeout: '1h' })
  const none = await step.run('none', () => null)
  const many = await Promise.all([step.run('a', () => 'text'), step.run('b', () => ['list'])])
  const caught = await step
    .run('fails', () => {
      throw new Error('no luck')
    })
    .catch((error: unknown) => (error as Error).message)
  seen.push({ event, one, waited, none, many, caught })
  return { done: true }
}

export async function startEncryptedApp(
  signingKey: string,
  middleware: Middleware,
): Promise<EncryptedApp> {
  const seen: unknown[] = []
  const sent: string[] = []
  const api = await listen((request, response) => {
    void readAll(request).then((body) => {
      sent.push(body)
      response.setHeader('content-type', 'application/json')
      response.end('{"ids":["01HHHHHHHHHHHHHHHHHHHHHHHH"],"status":200}')
    })
  })
  const options = { id: 'shop', isDev: false, eventKey: 'k', signingKey, baseUrl: api.url }
  const { handler, send } =
    middleware === '1.0.2 on SDK 3'
      ? await makeApp3(options, seen)
      : makeApp4(options, middleware, seen)
  const reached: string[] = []
  const app = await listen((request, response) => {
    reached.push(`${request.method ?? ''} ${request.url ?? ''}`)
    handler(request, response)
  })
  return {
    url: app.url,
    reached,
    seen,
    sendEvent: async (data) => {
      await send({ name: 'shop/hello', data })
      const [event] = JSON.parse(sent.at(-1) ?? '[]') as unknown[]
      return event
    },
    stop: () => {
      app.stop()
      api.stop()
    },
  }
}

interface Options {
  readonly id: string
  readonly isDev: boolean
  readonly eventKey: string
  readonly signingKey: string
  readonly baseUrl: string
}

interface Made {
  readonly handler: RequestListener
  readonly send: (event: { name: string; data: Record<string, unknown> }) => Promise<unknown>
}

function makeApp4(options: Options, middleware: Middleware, seen: unknown[]): Made {
  const legacy = { legacyV0Service: { forceEncryptWithV0: true } }
  const isLegacy = middleware === '2.0.0, version 0'
  const encryption = encryptionMiddleware({ key, ...(isLegacy && legacy) })
  const client = new Inngest({
    ...options,
    checkpointing: false,
    // The types name those of the CommonJS build, which are the same.
    middleware: middleware === 'none' ? [] : [encryption as unknown as Middleware4.Class],
  })
  const hello = client.createFunction(
    { id: 'hello', retries: 0, triggers: [{ event: 'shop/hello' }] },
    ({ event, step }) => work(event.data, step as unknown as Step, seen),
  )
  return {
    handler: serve({ client, functions: [hello] }),
    send: (event) => client.send(event),
  }
}

async function makeApp3({ signingKey, ...options }: Options, seen: unknown[]): Promise<Made> {
  const first = await import('middleware-encryption-1')
  const client = new Inngest3({
    ...options,
    middleware: [first.encryptionMiddleware({ key }) as InngestMiddleware.Any],
  })
  const hello = client.createFunction(
    { id: 'hello', retries: 0 },
    { event: 'shop/hello' },
    ({ event, step }) => work(event.data, step as unknown as Step, seen),
  )
  return {
    handler: serve3({ client, functions: [hello], signingKey }),
    send: (event) => client.send(event),
  }
}

async function listen(listener: RequestListener) {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

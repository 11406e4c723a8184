/** An app with a durable endpoint on the real JS SDK, in cloud mode, and all requests that reached it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Inngest, step } from 'inngest'
import { endpointAdapter, serveEndpoint } from 'inngest/node'

import type { DurableApp, DurableAppOptions, Reached } from './app.ts'

export interface JsApp extends DurableApp {
  /** Bytes received on its connections, including those of unreadable requests. */
  receivedBytes(): number
}

interface JsAppOptions extends DurableAppOptions {
  /** A page of the app that users are sent to, instead of Inngest's API. */
  readonly resultPage?: string
}

/**
 * `?parallel=N` has N steps in parallel. The steps of a run are `reserve`, a sleep, `charge`, `parcel-0` …,
 * `ship`, in this order. The handler does not read the body, because the SDK has consumed it already.
 */
export async function startJsApp({ key, apiUrl, resultPage }: JsAppOptions): Promise<JsApp> {
  const ran = new Map<string, number>()
  const runStep = (id: string) =>
    step.run(id, () => {
      ran.set(id, (ran.get(id) ?? 0) + 1)
      return `${id} done`
    })
  const inngest = new Inngest({
    id: 'shop',
    isDev: false,
    eventKey: 'test',
    signingKey: key,
    baseUrl: apiUrl,
    endpointAdapter:
      resultPage === undefined
        ? endpointAdapter
        : endpointAdapter.withOptions({ asyncRedirectUrl: resultPage }),
    logger: { info() {}, warn() {}, error() {}, debug() {} },
  })
  const listener = serveEndpoint(
    inngest.endpoint(async (request: Request) => {
      const parallel = Number(new URL(request.url).searchParams.get('parallel') ?? 0)
      const reserved = await runStep('reserve')
      await step.sleep('wait', '1s')
      const charged = await runStep('charge')
      const parcels = await Promise.all(
        Array.from({ length: parallel }, (_, at) => runStep(`parcel-${String(at)}`)),
      )
      const shipped = await runStep('ship')
      return Response.json({ results: [reserved, charged, shipped], parcels: parcels.length })
    }),
  )
  return { ...(await listen(listener)), ran }
}

async function listen(listener: ReturnType<typeof serveEndpoint>) {
  const reached: Reached[] = []
  const connections: { readonly bytesRead: number }[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    reached.push({ method, target: url, headers })
    listener(request, response)
  })
  server.on('connection', (socket) => connections.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    reached,
    receivedBytes: () => connections.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The app behind the gateway, on the real SDK: functions, functions that stream, and a durable endpoint. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { step } from 'inngest'
import { endpointAdapter, serve, serveEndpoint } from 'inngest/node'

import { makeClient, makeFunctions, makeStreamed, type ClientOptions } from './functions.ts'
import { arrivalOf, type Arrival } from './observed.ts'

export interface LiveApp {
  readonly url: string
  readonly arrivals: readonly Arrival[]
  /** Ids of events whose run has ended. */
  readonly ended: ReadonlySet<string>
  /** Requests that have no response yet. */
  inFlight(): number
  send(name: string, data: Readonly<Record<string, unknown>>): Promise<string>
  stop(): void
}

export type LiveAppOptions = Omit<ClientOptions, 'id'>

/** Ids of the apps, which the routes of the gateway name. */
export const appIds = { functions: 'live', streaming: 'live-streaming' } as const

export async function startLiveApp(options: LiveAppOptions): Promise<LiveApp> {
  const ended = new Set<string>()
  const onEnd = (id: string) => void ended.add(id)
  const client = makeClient({ ...options, id: appIds.functions })
  const arrivals: Arrival[] = []
  let inFlight = 0
  const respond = responder(options, client, onEnd)
  const server = createServer((request, response) => {
    arrivals.push(arrivalOf(request))
    inFlight += 1
    response.on('close', () => (inFlight -= 1))
    respond(request.url ?? '')(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    arrivals,
    ended,
    inFlight: () => inFlight,
    send: async (name, data) => (await client.send({ name, data })).ids[0] ?? '',
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

type Handler = ReturnType<typeof serveEndpoint>

function responder(
  options: LiveAppOptions,
  client: ReturnType<typeof makeClient>,
  onEnd: (id: string) => void,
): (url: string) => Handler {
  const streaming = makeClient({ ...options, id: appIds.streaming })
  const functions = serve({ client, functions: makeFunctions(client, onEnd) })
  const streamed = serve({
    client: streaming,
    functions: makeStreamed(streaming, onEnd),
    streaming: true,
  })
  const endpoint = durableEndpoint(options)
  return (url) => {
    if (url.startsWith('/api/inngest')) return functions
    return url.startsWith('/api/streaming') ? streamed : endpoint
  }
}

/** Sequential and parallel steps around a sleep, after which Inngest calls again. */
function durableEndpoint(options: LiveAppOptions): Handler {
  const client = makeClient({ ...options, id: 'live-endpoints', endpointAdapter })
  const endpoint = client.endpoint(async () => {
    const first = await step.run('first', () => 'first')
    await step.sleep('pause', '1s')
    const parallel = await Promise.all(['a', 'b', 'c'].map((name) => step.run(name, () => name)))
    return Response.json({ results: [first, ...parallel] })
  })
  return serveEndpoint(endpoint)
}

/** Whether that is what a user gets of it in the end: as JSON, or as JSON within JSON. */
export function isDurableResult(text: string): boolean {
  return text.replaceAll(/[\\\s]/g, '').includes('{"results":["first","a","b","c"]}')
}

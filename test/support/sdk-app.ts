/** A real app on the real Inngest SDK, and every request that reached it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Inngest } from 'inngest'
import { serve } from 'inngest/node'

export interface SdkApp {
  readonly url: string
  /** Requests that reached the app, including any that should have been refused. */
  readonly reached: string[]
  /** How often the function's own code ran. */
  runs(): number
  stop(): void
}

/** @param signingKey undefined for an app that was deployed without one. */
export async function startSdkApp(
  signingKey: string | undefined,
  signingKeyFallback: string | undefined,
  { streaming = false, id = 'shop' }: { readonly streaming?: boolean; readonly id?: string } = {},
): Promise<SdkApp> {
  let runs = 0
  const inngest = new Inngest({
    id,
    isDev: false,
    eventKey: 'test',
    ...(signingKey !== undefined && { signingKey }),
    ...(signingKeyFallback !== undefined && { signingKeyFallback }),
    baseUrl: 'http://127.0.0.1:9',
  })
  const hello = inngest.createFunction({ id: 'hello', triggers: [{ event: 'shop/hello' }] }, () => {
    runs += 1
    return 'hello from the function'
  })
  const handler = serve({ client: inngest, functions: [hello], streaming })
  const reached: string[] = []
  const server = createServer((request, response) => {
    reached.push(`${request.method ?? ''} ${request.url ?? ''}`)
    handler(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    reached,
    runs: () => runs,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The body of a call, canonical as Inngest's server sends it. */
export function callBody(requestId: string): string {
  return `{"ctx":{"attempt":0,"disable_immediate_execution":true,"env":"","fn_id":"85fb1953-e46a-51dd-9c27-585df04059ac","qi_id":"","request_id":"${requestId}","run_id":"01M85C81NVJ7KSQSW1MTCWKVP4","stack":{"current":0,"stack":[]},"step_id":"step","use_api":false},"event":{"data":{},"id":"e","name":"shop/hello","ts":1},"events":[{"data":{},"id":"e","name":"shop/hello","ts":1}],"steps":{},"use_api":false,"version":2}`
}

export const callTarget = '/api/inngest?fnId=shop-hello&stepId=step'

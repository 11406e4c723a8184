/**
 * Replaces the part of Inngest's API that an app registers with: `POST /fn/register`. It records the `url` and
 * reports success. It checks no key and models nothing else of Inngest.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface RegistrationServer {
  readonly url: string
  /** In the order of arrival. */
  readonly registered: string[]
  stop(): void
}

export async function startRegistrationServer(): Promise<RegistrationServer> {
  const registered: string[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      if (request.url?.startsWith('/fn/register') === true)
        registered.push((body as { url: string }).url)
      response.setHeader('content-type', 'application/json')
      response.end('{"ok":true,"modified":true}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    registered,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

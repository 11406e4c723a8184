/**
 * A refusal of an upload passes a proxy in front. A proxy that loses its connection to the gateway while
 * it sends makes a 502 of the refusal, or closes the connection of its client without a response.
 */
// @module-tag proxies
import { afterEach, describe, expect, it, vi } from 'vitest'

import { allArrive, arrivals, originOf, startRefusingGateway } from '../support/early-refusals.ts'
import { caddy, haproxy, nginx, startFrontProxy } from '../support/front-proxy.ts'
import { nodeHttp } from '../support/upload-clients.ts'

// 160 uploads a test, for which a busy machine takes long.
vi.setConfig({ testTimeout: 120_000 })

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const at = (port: number) => `127.0.0.1:${String(port)}`

const nginxWith = (buffering: 'on' | 'off') => (gateway: number) =>
  nginx(
    (port) => `
      client_max_body_size 0;
      upstream gateway { server ${at(gateway)}; keepalive 4; }
      server {
        listen ${at(port)};
        location / {
          proxy_pass http://gateway;
          proxy_http_version 1.1;
          proxy_request_buffering ${buffering};
          proxy_set_header Host $http_host;
          proxy_set_header Connection "";
        }
      }`,
  )

describe('an early refusal of an upload of 3 MB passes', () => {
  it.each([
    ['nginx, which buffers requests', nginxWith('on')],
    ['nginx, which does not buffer requests', nginxWith('off')],
    [
      'HAProxy',
      (port: number) => haproxy(`backend gateway\n  mode http\n  server one ${at(port)}`),
    ],
    ['Caddy', (port: number) => caddy(`reverse_proxy ${at(port)}`)],
  ])('%s', async (_, programFor) => {
    const gateway = await startRefusingGateway()
    const proxy = await startFrontProxy(programFor(gateway.port))
    stops.push(() => proxy.stop())
    expect(await arrivals(nodeHttp, originOf(proxy))).toEqual(allArrive)
  })
})

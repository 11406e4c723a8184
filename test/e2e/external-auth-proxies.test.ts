/**
 * Real proxies that ask: HAProxy hands over the body by a few lines of Lua and passes on what is
 * permitted; nginx's auth_request and Caddy's forward_auth never send a body, and say so nowhere.
 */
// @module-tag proxies
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

import { freePort } from '../support/free-port.ts'
import { caddy, haproxy, nginx, startFrontProxy, type FrontProxy } from '../support/front-proxy.ts'
import { callBody, callTarget, startSdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader } from '../support/sender.ts'
import {
  fallbackKey,
  startTestGateway,
  testKey,
  type TestGateway,
} from '../support/test-gateway.ts'

const ALLOWED = '127.0.0.5'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const at = (port: number) => `127.0.0.1:${String(port)}`

/** Asks with the request itself, and passes it on to the app if the answer is 200. */
const lua = (authorizer: number) => `
core.register_action("ask", { "http-req" }, function(txn)
  local fields = txn.http:req_get_headers()
  local headers = {}
  for name, values in pairs(fields) do
    if name ~= "content-length" and name ~= "transfer-encoding" and name ~= "connection" then
      headers[name] = {}
      for i = 0, #values do headers[name][i + 1] = values[i] end
    end
  end
  local client = core.httpclient()
  local answer = client:post{
    url = "http://${at(authorizer)}" .. txn.sf:url(),
    headers = headers,
    body = txn.sf:req_body(),
  }
  txn:set_var("txn.status", answer.status)
end)
`

async function startAsking(
  protocol: string,
  proxy: (authorizer: number, app: number) => Promise<FrontProxy>,
) {
  const app = await startSdkApp(testKey, fallbackKey)
  stops.push(() => {
    app.stop()
  })
  const gateway = await startTestGateway(app.url, {
    allowlist: [ALLOWED],
    trustedProxies: ['127.0.0.1/32'],
    externalAuth: { host: '127.0.0.1', port: 0, protocol },
  })
  stops.push(() => gateway.stop())
  const front = await proxy(gateway.externalAuthPort, Number(new URL(app.url).port))
  stops.push(() => front.stop())
  return { gateway, port: front.port }
}

function signedCall(gateway: TestGateway, port: number, from: string, body: string, text = body) {
  const seconds = Math.floor(gateway.clock.wallMs / 1000)
  const headers = { 'x-inngest-signature': signatureHeader(testKey, text, seconds) }
  return send({ port, target: callTarget, headers, body, from })
}

async function startHaproxy(authorizer: number, app: number): Promise<FrontProxy> {
  const program = haproxy('')
  return await startFrontProxy({
    ...program,
    config: (port, folder) => {
      const script = path.join(folder, 'ask.lua')
      writeFileSync(script, lua(authorizer))
      return `
global
  lua-load ${script}
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option http-buffer-request
frontend front
  bind ${at(port)}
  http-request del-header X-Forwarded-For
  http-request set-header X-Forwarded-For %[src]
  http-request lua.ask
  http-request return status 403 if !{ var(txn.status) -m int 200 }
  default_backend app
backend app
  server one ${at(app)}
`
    },
  })
}

describe('HAProxy, asking with the body', () => {
  it('passes a signed call to the real SDK, once, and nothing else', async () => {
    const { gateway, port } = await startAsking('ext_authz', startHaproxy)
    const body = callBody('asked')
    const call = await signedCall(gateway, port, ALLOWED, body)
    expect([call.status, call.headers['x-inngest-sdk']]).toEqual([
      200,
      expect.stringContaining('js:'),
    ])
    expect((await signedCall(gateway, port, ALLOWED, body)).status).toBe(403)
    expect((await signedCall(gateway, port, '127.0.0.6', callBody('b'))).status).toBe(403)
    expect((await signedCall(gateway, port, ALLOWED, callBody('c'), 'other')).status).toBe(403)
    const reasons = gateway.logLines.map(({ reason }) => reason).filter(Boolean)
    expect(reasons).toEqual(['none', 'replayed', 'client_not_allowed', 'signature_mismatch'])
  })
})

const bodiless = [
  {
    name: 'nginx auth_request',
    start: (authorizer: number, app: number) =>
      startFrontProxy(
        nginx(
          (port) => `server {
            listen ${at(port)};
            location / {
              auth_request /ask;
              proxy_pass http://${at(app)};
            }
            location = /ask {
              internal;
              proxy_pass http://${at(authorizer)}/;
              proxy_pass_request_body off;
              proxy_set_header Content-Length "";
              proxy_set_header X-Forwarded-For $remote_addr;
              proxy_set_header X-Forwarded-Method $request_method;
              proxy_set_header X-Forwarded-Host $http_host;
              proxy_set_header X-Forwarded-Uri $request_uri;
            }
          }`,
        ),
      ),
  },
  {
    name: 'Caddy forward_auth',
    start: async (authorizer: number, app: number) => {
      const inner = await freePort()
      return await startFrontProxy(
        caddy(`forward_auth ${at(authorizer)} {
    uri /
  }
  reverse_proxy ${at(app)}
}
http://127.0.0.1:${String(inner)} {
  bind 127.0.0.1`),
      )
    },
  },
]

describe.each(bodiless)('$name', ({ start }) => {
  it('does not hand over the body, and is told so', async () => {
    const { gateway, port } = await startAsking('forward_auth', start)
    const answer = await signedCall(gateway, port, ALLOWED, callBody('bodiless'))
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.headers['x-inngest-sdk']).toBeUndefined()
    expect(gateway.logLines.at(-1)).toMatchObject({ external_auth: true, reason: 'body_missing' })
  })
})

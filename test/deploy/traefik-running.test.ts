/**
 * A real Traefik: in front of the gateway, as in deploy/kubernetes/examples/traefik, and with the forwardAuth
 * middleware of the page on external authorization.
 */
// @module-tag ingress
import { globSync, readFileSync } from 'node:fs'

import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { startNamedApp, type NamedApp } from '../support/apps.ts'
import { freePort } from '../support/free-port.ts'
import { startFrontProxy, traefik, type FrontProxy } from '../support/front-proxy.ts'
import { signCall, startGatewayProcess, type SignedCall } from '../support/gateway-process.ts'
import { send } from '../support/sender.ts'

const CLIENT = '127.0.0.9'
const settings = { trustedProxies: ['127.0.0.1/32'], allowlist: [`${CLIENT}/32`] }

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

interface Scene {
  readonly app: NamedApp
  readonly proxy: FrontProxy
}

function post({ proxy }: Scene, { body, signature }: SignedCall, over: object = {}) {
  const headers = { 'x-inngest-signature': signature, host: 'billing.example.com' }
  return send({ port: proxy.port, from: CLIENT, body, headers, ...over })
}

async function start(router: object, services: object, more: object, entryPoint = {}) {
  const rule = 'Host(`billing.example.com`) && Path(`/api/inngest`)'
  const routers = { billing: { rule, service: 'billing', ...router } }
  const proxy = await startFrontProxy(traefik({ http: { routers, services, ...more } }, entryPoint))
  stops.push(() => proxy.stop())
  return proxy
}

const serviceAt = (url: string) => ({ billing: { loadBalancer: { servers: [{ url }] } } })

async function inline(): Promise<Scene> {
  const app = await startNamedApp('app')
  const gateway = await startGatewayProcess(app.url, settings)
  const url = `http://127.0.0.1:${String(gateway.port)}`
  return { app, proxy: await start({}, serviceAt(url), {}) }
}

interface Page {
  readonly http?: { readonly middlewares?: Readonly<Record<string, object>> }
  readonly entryPoints?: { readonly websecure: object }
}

async function withForwardAuth(): Promise<Scene> {
  const [file = ''] = globSync('docs/**/external-auth*.md')
  const page = [...readFileSync(file, 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)].map(
    ([, text = '']) => parse(text) as Page,
  )
  const app = await startNamedApp('app')
  const port = await freePort()
  const externalAuth = { host: '127.0.0.1', port, protocol: 'forward_auth' }
  await startGatewayProcess(app.url, { ...settings, externalAuth })
  const documented = Object.assign({}, ...page.map(({ http }) => http?.middlewares)) as object
  const middlewares = JSON.parse(
    JSON.stringify(documented).replace('inngest-gateway:8081', `127.0.0.1:${String(port)}`),
  ) as object
  const entryPoint = page.find(({ entryPoints }) => entryPoints !== undefined)?.entryPoints
  const router = { middlewares: ['strip', 'inngest'] }
  const proxy = await start(router, serviceAt(app.url), { middlewares }, entryPoint?.websecure)
  return { app, proxy }
}

describe.each([
  ['in front of the gateway', inline],
  ['with forwardAuth', withForwardAuth],
])('Traefik %s', (_, startScene) => {
  it('forwards a signed request once', async () => {
    const scene = await startScene()
    const call = signCall()
    await expect.poll(async () => (await post(scene, call)).status).toBe(200)
    expect((await post(scene, call)).status).toBe(409)
    expect(scene.app.requests.map(({ body }) => body)).toEqual([call.body])
  })

  it('forwards no request with another body, nor of a client that names an allowed address', async () => {
    const scene = await startScene()
    const call = signCall()
    const other = call.body.replace('run', 'ran')
    await expect.poll(async () => (await post(scene, call, { body: other })).status).toBe(401)
    const headers = {
      'x-inngest-signature': call.signature,
      host: 'billing.example.com',
      'x-forwarded-for': CLIENT,
    }
    expect((await post(scene, call, { from: '127.0.0.8', headers })).status).toBe(403)
    expect(scene.app.requests).toEqual([])
  })
})

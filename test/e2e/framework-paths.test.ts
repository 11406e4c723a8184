/** Paths that begin like the Inngest path, beside real adapters: some frameworks mount by prefix. */
import { afterEach, describe, expect, it } from 'vitest'

import { frameworks, startFrameworkApp } from '../support/framework-apps.ts'
import { callBody, callTarget } from '../support/sdk-app.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey } from '../support/test-gateway.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function startBehind(framework: string) {
  const makeListener = frameworks[framework]
  if (makeListener === undefined) throw new Error(`no app for ${framework}`)
  const app = await startFrameworkApp(makeListener, testKey)
  stops.push(() => {
    app.stop()
  })
  const upstream = app.url
  const gateway = await startTestGateway(upstream, {
    routes: [
      { name: 'inngest', path: '/api/inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
      { name: 'app', policy: 'passthrough', upstream },
      { name: 'listed', policy: 'passthrough', path: '/api/inngest-docs', upstream },
    ],
  })
  stops.push(() => gateway.stop())
  return { app, gateway }
}

describe.each(Object.keys(frameworks))('beside the %s adapter', (framework) => {
  it('forwards a signed call to the function, and other paths to the rest of the app', async () => {
    const { gateway } = await startBehind(framework)
    const body = callBody(`framework-${framework}`)
    const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
    const headers = { 'x-inngest-signature': signature, 'content-type': 'application/json' }
    const called = await send({ port: gateway.port, target: callTarget, headers, body })
    expect(called.headers['x-inngest-sdk']).toMatch(/^inngest-js:/)
    const rest = await send({ port: gateway.port, method: 'GET', target: '/other' })
    expect([rest.status, rest.body]).toEqual([200, 'the rest of the app'])
    expect(rest.headers['x-inngest-sdk']).toBeUndefined()
  })

  it.each([
    '/api/inngestx',
    '/api/inngest-1',
    '/api/inngest:',
    '/api/inngestx/y',
    '/API/Inngest-1',
    '/api/inngest%CC%87',
    '/api/inngest%E2%80%8B',
  ])('refuses %s, which begins like the Inngest path', async (target) => {
    const { app, gateway } = await startBehind(framework)
    const answer = await send({ port: gateway.port, method: 'GET', target })
    expect(answer.status).toBe(404)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'path_ambiguous' })
    expect(app.reached).toEqual([])
  })

  it('forwards such a path if the operator lists it', async () => {
    const { app, gateway } = await startBehind(framework)
    for (const target of [
      '/api/inngest-docs',
      '/api/inngest-docs/x',
      '/api/inngest-docs/caf%C3%A9',
    ]) {
      await send({ port: gateway.port, method: 'GET', target })
      expect(app.reached.at(-1)).toBe(`GET ${target}`)
      expect(gateway.logLines.at(-1)).toMatchObject({ decision: 'admitted', route: 'listed' })
    }
  })

  it('refuses another spelling of the Inngest path below a listed one', async () => {
    const { app, gateway } = await startBehind(framework)
    const target = '/api/inngest-docs/../inngest'
    expect((await send({ port: gateway.port, method: 'GET', target })).status).toBe(404)
    expect(app.reached).toEqual([])
  })
})

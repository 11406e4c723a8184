/** Two apps of the real SDK behind one gateway, with one signing key: each gets the calls for its own functions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { callBody, startSdkApp, type SdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

const ids = ['billing', 'billing-eu', 'My App'] as const

describe('apps of the real SDK at routes with apps', () => {
  const apps: SdkApp[] = []
  let gateway: TestGateway
  const targets: string[] = []
  const signed = (body: string) => ({
    'content-type': 'application/json',
    'x-inngest-signature': signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000)),
  })

  beforeAll(async () => {
    for (const id of ids) apps.push(await startSdkApp(testKey, undefined, { id }))
    gateway = await startTestGateway('', {
      routes: ids.map((id, i) => ({
        name: `app-${String(i)}`,
        host: `app-${String(i)}.example.com`,
        upstream: apps[i]?.url,
        apps: [id],
        signingKeys: [{ env: 'PRIMARY' }],
      })),
    })
    // One signature opens one sync.
    for (const i of ids.keys()) targets.push(await registeredTarget(i))
  })
  afterAll(async () => {
    await gateway.stop()
    for (const app of apps) app.stop()
  })

  /** What the SDK registers: Inngest calls this URL. */
  async function registeredTarget(i: number): Promise<string> {
    const host = `app-${String(i)}.example.com`
    const body = `{"url":"https://${host}/api/inngest"}`
    const headers = { ...signed(body), host, 'x-inngest-sync-kind': 'in_band' }
    const answer = await send({ port: gateway.port, method: 'PUT', body, headers })
    const { functions } = JSON.parse(answer.body) as {
      functions: { steps: { step: { runtime: { url: string } } } }[]
    }
    const { pathname, search } = new URL(functions[0]?.steps.step.runtime.url ?? '')
    return `${pathname}${search}`
  }

  it.each(ids.map((id, i) => [id, i] as const))(
    'runs a function of %j at its own route, by the fnId that its SDK registers',
    async (id, i) => {
      const target = targets[i] ?? ''
      const body = callBody(`own-${String(i)}`)
      const before = apps[i]?.runs() ?? 0
      const headers = { ...signed(body), host: `app-${String(i)}.example.com` }
      const answer = await send({ port: gateway.port, target, body, headers })
      expect([answer.status, answer.body]).toEqual([200, '"hello from the function"'])
      expect(apps[i]?.runs()).toBe(before + 1)
      expect(gateway.logLines.at(-1)).toMatchObject({ decision: 'admitted', app: id })
    },
  )

  it('keeps a call for one app from another, whose SDK would accept its signature', async () => {
    const target = targets[1] ?? ''
    const reached = apps[0]?.reached.length
    const body = callBody('other')
    const headers = { ...signed(body), host: 'app-0.example.com' }
    const answer = await send({ port: gateway.port, target, body, headers })
    expect(answer.status).toBe(403)
    expect(apps[0]?.reached).toHaveLength(reached ?? -1)
    expect(gateway.logLines.at(-1)).toMatchObject({ reason: 'app_not_served', app: 'billing-eu' })
    // The call was not claimed: its own route still admits it.
    const own = await send({
      port: gateway.port,
      target,
      body,
      headers: { ...headers, host: 'app-1.example.com' },
    })
    expect(own.status).toBe(200)
  })
})

/**
 * Durable endpoints of the real JS SDK without the gateway, and behind a passthrough route, which breaks them.
 * It is what the tests of `policy: durable` (durable-endpoints.test.ts) stand on.
 */
import { afterEach, describe, expect, it } from 'vitest'

import { startJsApp, type JsApp } from '../support/durable/js-app.ts'
import { startInngestServer, type InngestServer } from '../support/durable/server.ts'
import { send } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

const host = 'shop.example.com'

describe('a durable endpoint of the JS SDK', () => {
  let app: JsApp
  let inngest: InngestServer
  let gateway: TestGateway | undefined

  /** @param limit of re-entries. */
  async function start(limit?: number): Promise<void> {
    const resolve = () => gateway?.port ?? app.port
    inngest = await startInngestServer({ key: testKey, resolve, ...(limit && { limit }) })
    app = await startJsApp({ key: testKey, apiUrl: inngest.url })
  }

  afterEach(async () => {
    await gateway?.stop()
    gateway = undefined
    await app.stop()
    inngest.stop()
  })

  it('ends its run without the gateway, with a hundred parallel steps', async () => {
    await start()
    const answer = await send({ port: app.port, method: 'GET', target: '/orders?parallel=100' })
    expect(answer.status).toBe(302)
    await inngest.idle()
    expect(inngest.sent.map(({ answer: { status } }) => status)).toEqual(Array(104).fill(206))
    const [run] = inngest.runs
    expect(inngest.runs).toHaveLength(1)
    expect(answer.headers.location).toBe(
      `${inngest.url}/v1/http/runs/${run?.id ?? ''}/output?token=token-of-${run?.id ?? ''}`,
    )
    expect(run?.output?.body).toContain('ship done')
    expect(app.ran.size).toBe(103)
    expect(new Set(app.ran.values())).toEqual(new Set([1]))
  })

  it('ends its run after a user has sent JSON that is canonical', async () => {
    await start()
    const headers = { 'content-type': 'application/json' }
    await send({ port: app.port, target: '/orders?note=a%20b', headers, body: '{"a":1,"b":2}' })
    await inngest.idle()
    expect(inngest.runs[0]?.output?.body).toContain('ship done')
    const [first, ...reEntries] = app.reached
    expect(first?.target).toBe('/orders?note=a%20b')
    expect(reEntries.map(({ method, target }) => `${method} ${target}`)).toEqual(
      reEntries.map(() => 'POST /orders?note=a+b'),
    )
  })

  it('starts a run for each re-entry behind a passthrough route, without end', async () => {
    const limit = 10
    await start(limit)
    const upstream = `http://127.0.0.1:${String(app.port)}`
    gateway = await startTestGateway(upstream, {
      routes: [{ name: 'orders', policy: 'passthrough', host, upstream }],
    })
    await send({ port: gateway.port, method: 'GET', target: '/orders', headers: { host } })
    await inngest.idle()
    expect(inngest.sent).toHaveLength(limit)
    expect(inngest.runs).toHaveLength(limit + 1)
    expect(inngest.runs.filter(({ output }) => output !== undefined)).toEqual([])
    expect(app.ran).toEqual(new Map([['reserve', limit + 1]]))
  })
})

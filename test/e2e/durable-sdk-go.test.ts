/**
 * Durable endpoints of the real Go SDK without the gateway, and behind a passthrough route, which breaks them.
 *
 * @module-tag go-sdk
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { buildGoApp, type BuiltGoApp, type GoApp } from '../support/durable/go-app.ts'
import { startInngestServer, type InngestServer } from '../support/durable/server.ts'
import { send } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

const host = 'shop.example.com'

describe('a durable endpoint of the Go SDK', () => {
  let built: BuiltGoApp
  let app: GoApp
  let inngest: InngestServer
  let gateway: TestGateway | undefined

  // Go fetches and compiles the SDK if its cache has neither.
  beforeAll(() => {
    built = buildGoApp()
  }, 300_000)
  afterAll(() => {
    built.remove()
  })

  /** @param limit of re-entries. */
  async function start(limit?: number): Promise<void> {
    const resolve = () => gateway?.port ?? app.port
    inngest = await startInngestServer({ key: testKey, resolve, ...(limit && { limit }) })
    app = await built.start({ key: testKey, apiUrl: inngest.url })
  }

  afterEach(async () => {
    await gateway?.stop()
    gateway = undefined
    await app.stop()
    inngest.stop()
  })

  it('ends its run without the gateway', async () => {
    await start()
    const answer = await send({ port: app.port, method: 'GET', target: '/orders/0?note=a%20b' })
    expect(answer.status).toBe(303)
    await inngest.idle()
    await app.settle()
    const [run] = inngest.runs
    expect(inngest.runs).toHaveLength(1)
    expect(answer.headers.location).toBe(
      `${inngest.url}/v1/http/runs/${run?.id ?? ''}/output?token=token-of-${run?.id ?? ''}`,
    )
    expect(run?.output).toEqual({ status: 200, body: 'ship done\n' })
    expect([...app.ran]).toEqual([
      ['reserve', 1],
      ['charge', 1],
      ['ship', 1],
    ])
    expect(app.reached.map(({ target }) => target)).toEqual([
      '/orders/0?note=a%20b',
      '/orders/0',
      '/orders/0',
      '/orders/0',
    ])
  })

  it('plans parallel steps again instead of running them, without the gateway', async () => {
    await start()
    await send({ port: app.port, method: 'GET', target: '/orders/100' })
    await inngest.idle()
    await app.settle()
    const steps = inngest.sent.filter(({ stepId }) => stepId !== undefined)
    expect(steps).toHaveLength(100)
    expect(new Set(steps.map(({ answer: { status } }) => status))).toEqual(new Set([206]))
    expect(inngest.runs.map(({ output }) => output)).toEqual([undefined])
    expect([...app.ran.keys()]).toEqual(['reserve', 'charge'])
  })

  it('starts a run for each re-entry behind a passthrough route, without end', async () => {
    const limit = 10
    await start(limit)
    const upstream = `http://127.0.0.1:${String(app.port)}`
    gateway = await startTestGateway(upstream, {
      routes: [{ name: 'orders', policy: 'passthrough', host, upstream }],
    })
    await send({ port: gateway.port, method: 'GET', target: '/orders/0', headers: { host } })
    await inngest.idle()
    await app.settle()
    expect(inngest.sent).toHaveLength(limit)
    expect(inngest.runs).toHaveLength(limit + 1)
    expect(inngest.runs.filter(({ output }) => output !== undefined)).toEqual([])
    expect(app.ran).toEqual(new Map([['reserve', limit + 1]]))
  })
})

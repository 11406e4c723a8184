/**
 * Durable endpoints of the real Go SDK without the gateway, and behind a passthrough route, which breaks them.
 *
 * @module-tag go-sdk
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { buildGoApp, type BuiltGoApp, type GoApp } from '../support/durable/go-app.ts'
import { host, startScene, type DurableScene } from '../support/durable/scene.ts'
import { send } from '../support/sender.ts'

describe('a durable endpoint of the Go SDK', () => {
  let built: BuiltGoApp
  let scene: DurableScene<GoApp>

  // Go fetches and compiles the SDK if its cache has neither.
  beforeAll(() => {
    built = buildGoApp()
  }, 300_000)
  afterAll(() => {
    built.remove()
  })
  afterEach(() => scene.stop())

  it('ends its run without the gateway', async () => {
    scene = await startScene({ startApp: built.start })
    const { app, inngest, port } = scene
    const answer = await send({ port, method: 'GET', target: '/orders/0?note=a%20b' })
    expect(answer.status).toBe(303)
    await inngest.idle()
    await app.settle()
    expect(inngest.runs).toHaveLength(1)
    const [run] = inngest.runs
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
      ...Array<string>(3).fill('/orders/0'),
    ])
  })

  it('plans parallel steps again instead of running them, without the gateway', async () => {
    scene = await startScene({ startApp: built.start })
    const { app, inngest, port } = scene
    await send({ port, method: 'GET', target: '/orders/100' })
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
    scene = await startScene({
      startApp: built.start,
      route: { policy: 'passthrough' },
      limit,
    })
    const { app, inngest, port } = scene
    await send({ port, method: 'GET', target: '/orders/0', headers: { host } })
    await inngest.idle()
    await app.settle()
    expect(inngest.sent).toHaveLength(limit)
    expect(inngest.runs).toHaveLength(limit + 1)
    expect(inngest.runs.filter(({ output }) => output !== undefined)).toEqual([])
    expect(app.ran).toEqual(new Map([['reserve', limit + 1]]))
  })
})

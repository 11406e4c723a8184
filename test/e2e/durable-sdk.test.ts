/**
 * Durable endpoints of the real JS SDK without the gateway, and behind a passthrough route, which breaks them.
 * It is what the tests of `policy: durable` (durable-endpoints.test.ts) stand on.
 */
import { afterEach, describe, expect, it } from 'vitest'

import { startJsApp, type JsApp } from '../support/durable/js-app.ts'
import { host, startScene, type DurableScene } from '../support/durable/scene.ts'
import { send } from '../support/sender.ts'

describe('a durable endpoint of the JS SDK', () => {
  let scene: DurableScene<JsApp>
  afterEach(() => scene.stop())

  it('ends its run without the gateway, with a hundred parallel steps', async () => {
    scene = await startScene({ startApp: startJsApp })
    const { app, inngest, port } = scene
    const answer = await send({ port, method: 'GET', target: '/orders?parallel=100' })
    expect(answer.status).toBe(302)
    await inngest.idle()
    expect(inngest.sent.map(({ answer: { status } }) => status)).toEqual(Array(104).fill(206))
    expect(inngest.runs).toHaveLength(1)
    const [run] = inngest.runs
    expect(answer.headers.location).toBe(
      `${inngest.url}/v1/http/runs/${run?.id ?? ''}/output?token=token-of-${run?.id ?? ''}`,
    )
    expect(run?.output?.body).toContain('ship done')
    expect(app.ran.size).toBe(103)
    expect(new Set(app.ran.values())).toEqual(new Set([1]))
  })

  it('ends its run after a user has sent JSON that is canonical', async () => {
    scene = await startScene({ startApp: startJsApp })
    const { app, inngest, port } = scene
    const headers = { 'content-type': 'application/json' }
    await send({ port, target: '/orders?note=a%20b', headers, body: '{"a":1,"b":2}' })
    await inngest.idle()
    expect(inngest.runs[0]?.output?.body).toContain('ship done')
    expect(app.reached.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'POST /orders?note=a%20b',
      ...Array<string>(3).fill('POST /orders?note=a+b'),
    ])
  })

  it('starts a run for each re-entry behind a passthrough route, without end', async () => {
    const limit = 10
    scene = await startScene({
      startApp: startJsApp,
      route: { policy: 'passthrough' },
      limit,
    })
    const { app, inngest, port } = scene
    await send({ port, method: 'GET', target: '/orders', headers: { host } })
    await inngest.idle()
    expect(inngest.sent).toHaveLength(limit)
    expect(inngest.runs).toHaveLength(limit + 1)
    expect(inngest.runs.filter(({ output }) => output !== undefined)).toEqual([])
    expect(app.ran).toEqual(new Map([['reserve', limit + 1]]))
  })
})

/**
 * The real Go SDK behind `policy: durable`.
 *
 * @module-tag go-sdk
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { buildGoApp, type BuiltGoApp, type GoApp } from '../support/durable/go-app.ts'
import { reEntryOf, type ReEntry } from '../support/durable/re-entry.ts'
import { host, startScene, type DurableScene } from '../support/durable/scene.ts'
import { send, type Answer } from '../support/sender.ts'
import { fallbackKey, testKey } from '../support/test-gateway.ts'

describe('a durable endpoint of the Go SDK behind the gateway', () => {
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

  /** Has a user request the endpoint of so many parallel steps. */
  async function startRun(parallel: number, limit?: number): Promise<Answer> {
    const path = `/orders/${String(parallel)}`
    scene = await startScene({
      startApp: built.start,
      route: { policy: 'durable', path, signingKeys: [{ env: 'PRIMARY' }] },
      ...(limit !== undefined && { limit }),
    })
    return send({ port: scene.port, target: `${path}?note=a%20b`, headers: { host }, body: '{}' })
  }

  const repeat = ({ method, target, headers, body }: ReEntry) =>
    send({ port: scene.port, method, target, headers, body })

  async function reached(): Promise<number> {
    await scene.app.settle()
    return scene.app.reached.length
  }

  it('ends its run, and sends its user to the result', async () => {
    const user = await startRun(0)
    const { app, inngest } = scene
    expect([user.status, new URL(user.headers.location ?? '').origin]).toEqual([303, inngest.url])
    await inngest.idle()
    await app.settle()
    expect(inngest.runs.map(({ output }) => output)).toEqual([{ status: 200, body: 'ship done\n' }])
    expect(Object.fromEntries(app.ran)).toEqual({ reserve: 1, charge: 1, ship: 1 })
    const [first, ...reEntries] = app.reached
    expect(first?.headers).not.toHaveProperty('x-run-id')
    expect(reEntries.map(({ headers }) => headers['x-request-id'])).toEqual(
      inngest.sent.map(({ headers }) => headers['x-request-id']),
    )
  })

  it('gets each of a hundred parallel re-entries once, although they share a signature', async () => {
    await startRun(100)
    const { inngest } = scene
    await inngest.idle()
    const steps = inngest.sent.filter(({ stepId }) => stepId !== undefined)
    expect(steps).toHaveLength(100)
    expect(new Set(steps.map(({ headers }) => headers['x-inngest-signature'])).size).toBe(1)
    // The SDK plans the steps again; that the run does not end is not of the gateway (durable-sdk-go.test.ts).
    expect(new Set(steps.map(({ answer: { status } }) => status))).toEqual(new Set([206]))

    const before = await reached()
    const again = await Promise.all(steps.map(repeat))
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([409]))
    expect(await reached()).toBe(before)
  })

  it('gets no re-entry that is forged, stale, unsigned or repeated', async () => {
    await startRun(0, 0)
    const [run] = scene.inngest.runs
    if (run === undefined) throw new Error('the app has reported no run')
    const now = Math.floor(Date.now() / 1000)
    const reEntry = (key: string, atSeconds: number) =>
      reEntryOf(run, 'discovery', { key, dispatch: 1_000, atSeconds })
    const honest = reEntry(testKey, now)
    const { 'x-inngest-signature': _, ...unsigned } = honest.headers
    const before = await reached()
    const refused = [
      reEntry(fallbackKey, now),
      reEntry(testKey, now - 400),
      { ...honest, headers: unsigned },
      { ...honest, body: '{}' },
    ]
    for (const one of refused) expect((await repeat(one)).status).toBe(401)
    expect(await reached()).toBe(before)
    expect((await repeat(honest)).status).toBe(206)
    expect((await repeat(honest)).status).toBe(409)
    expect(await reached()).toBe(before + 1)
  })
})

/**
 * Inngest's rotation of a signing key, with the gateway in front and calls going on: not one call
 * that Inngest signed is refused, and the metrics tell when the old key may go.
 */
import { describe, expect, it } from 'vitest'

import { freshBody } from '../support/attack.ts'
import { track } from '../support/app-behind-gateway.ts'
import { startNamedApp } from '../support/apps.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

const oldKey = `signkey-prod-${'0a'.repeat(32)}`
const newKey = `signkey-prod-${'1b'.repeat(32)}`

async function call(gateway: TestGateway, key: string): Promise<number> {
  const body = freshBody()
  const signature = signatureHeader(key, body, Math.floor(gateway.clock.wallMs / 1000))
  const headers = { 'x-inngest-signature': signature }
  return (await send({ port: gateway.port, body, headers })).status
}

/** Calls as Inngest's server, again and again, with whatever key it has at the moment. */
function callOn(gateway: TestGateway, keyNow: () => string) {
  let isOver = false
  const statuses: number[] = []
  const inFlight = new Set<Promise<number>>()
  const caller = async () => {
    while (!isOver) {
      const status = call(gateway, keyNow())
      inFlight.add(status)
      statuses.push(await status)
      inFlight.delete(status)
    }
  }
  const callers = Array.from({ length: 4 }, caller)
  return {
    statuses,
    /** When all that were signed before have been answered. */
    areAnswered: () => Promise.all(inFlight),
    stop: async () => {
      isOver = true
      await Promise.all(callers)
    },
  }
}

const lastVerified = async (gateway: TestGateway, slot: number) =>
  Number(
    new RegExp(
      `key_last_verified_timestamp_seconds\\{route="app",key_slot="${String(slot)}",key="[^"]*"\\} (\\d+)`,
    ).exec(await gateway.metricsText())?.[1],
  )

describe('a key rotation', () => {
  it('refuses no call of Inngest if it changes the files of a mounted secret', async () => {
    const app = await startNamedApp('app')
    const secret = mountSecret({ current: oldKey, fallback: oldKey })
    const gateway = track(
      await startTestGateway(app.url, {
        routes: [
          {
            name: 'app',
            upstream: app.url,
            signingKeys: [{ file: secret.fileOf('current') }, { file: secret.fileOf('fallback') }],
          },
        ],
      }),
    )
    let serverKey = oldKey
    const calls = callOn(gateway, () => serverKey)
    const reloads = async () =>
      /config_reloads_total\{result="success"\} (\d+)/.exec(await gateway.metricsText())?.[1]

    // 1. The new key is made and deployed beside the old one; Inngest still signs with the old.
    secret.put({ current: newKey, fallback: oldKey })
    await expect.poll(reloads).toBe('1')
    await calls.areAnswered()
    expect(await lastVerified(gateway, 0)).toBe(0)

    // 2. "Rotate key": Inngest signs with the new one.
    serverKey = newKey
    const rotatedAtMs = (gateway.clock.wallMs += 5000)
    await expect.poll(() => lastVerified(gateway, 0)).toBe(Math.floor(rotatedAtMs / 1000))
    await calls.areAnswered()
    const laterMs = (gateway.clock.wallMs += 60_000)
    await expect.poll(() => lastVerified(gateway, 0)).toBe(Math.floor(laterMs / 1000))
    expect(await lastVerified(gateway, 1)).toBeLessThanOrEqual(Math.floor(rotatedAtMs / 1000))

    // 3. The old key goes.
    secret.put({ current: newKey, fallback: newKey })
    await expect.poll(reloads).toBe('2')
    await calls.areAnswered()
    await expect.poll(() => calls.statuses.length).toBeGreaterThan(20)
    await calls.stop()
    expect(new Set(calls.statuses)).toEqual(new Set([200]))
    expect(await call(gateway, oldKey)).toBe(401)
    expect(gateway.logLines.filter(({ key_slot: slot }) => slot === 0).at(-1)).toMatchObject({
      key: `file:${secret.fileOf('current')}`,
    })
    console.log(`${String(calls.statuses.length)} calls during the rotation, all of them admitted`)
  })

  it('refuses no call of Inngest if it changes the configuration', async () => {
    const app = await startNamedApp('app')
    const keys = { primary: oldKey, fallback: newKey }
    const withKeys = (...names: string[]) => ({
      routes: [{ name: 'app', upstream: app.url, signingKeys: names.map((env) => ({ env })) }],
    })
    const start = withKeys('PRIMARY')
    const gateway = track(await startTestGateway(app.url, start, Date.now(), keys))
    let serverKey = oldKey
    const calls = callOn(gateway, () => serverKey)
    const change = (...names: string[]) => {
      gateway.rewrite(withKeys(...names))
      gateway.reload()
    }
    change('PRIMARY', 'FALLBACK')
    await expect.poll(() => lastVerified(gateway, 0)).toBeGreaterThan(0)
    change('FALLBACK', 'PRIMARY')
    // The key kept its time when its position changed.
    expect(await lastVerified(gateway, 1)).toBeGreaterThan(0)
    await calls.areAnswered()
    serverKey = newKey
    await calls.areAnswered()
    change('FALLBACK')
    await expect.poll(() => lastVerified(gateway, 0)).toBeGreaterThan(0)
    await calls.areAnswered()
    await calls.stop()
    expect(new Set(calls.statuses)).toEqual(new Set([200]))
    expect(await call(gateway, oldKey)).toBe(401)
    expect(await gateway.metricsText()).not.toContain('key="env:PRIMARY"')
  })

  it('leaves a key the time it was last used, wherever it stands', async () => {
    const app = await startNamedApp('app')
    const keys = { primary: oldKey, fallback: newKey }
    const withKeys = (...names: string[]) => ({
      routes: [{ name: 'app', upstream: app.url, signingKeys: names.map((env) => ({ env })) }],
    })
    const first = withKeys('PRIMARY')
    const gateway = track(await startTestGateway(app.url, first, Date.now(), keys))
    expect(await call(gateway, oldKey)).toBe(200)
    gateway.rewrite(withKeys('FALLBACK', 'PRIMARY'))
    gateway.reload()
    expect(await lastVerified(gateway, 1)).toBe(Math.floor(gateway.clock.wallMs / 1000))
    expect(await lastVerified(gateway, 0)).toBe(0)
  })

  it('keeps the old key if the file of the new one holds no key', async () => {
    const app = await startNamedApp('app')
    const secret = mountSecret({ current: oldKey })
    const signingKeys = [{ file: secret.fileOf('current') }]
    const routes = [{ name: 'app', upstream: app.url, signingKeys }]
    const gateway = track(await startTestGateway(app.url, { routes }))
    secret.put({ current: '' })
    await expect
      .poll(() => gateway.metricsText())
      .toContain('inngest_gateway_config_last_reload_successful 0')
    expect(await call(gateway, oldKey)).toBe(200)
    expect(JSON.stringify(gateway.logLines)).not.toContain('0a0a')
  })
})

/** A gateway that checks encryption, in front of a real app, and whole runs of a function through it. */
import { afterEach, expect } from 'vitest'

import { startEncryptedApp, type EncryptedApp, type Middleware } from './encrypted-app.ts'
import { driveRun, type RunOptions } from './run-driver.ts'
import { startTestGateway, testKey, type TestGateway } from './test-gateway.ts'

const stopped: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stopped.splice(0).toReversed()) await stop()
})

export async function startEncrypted(middleware: Middleware, encryption: string, options?: object) {
  const app = await startEncryptedApp(testKey, middleware)
  stopped.push(() => {
    app.stop()
  })
  const route = { name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }] }
  const more = options && { encryptionMiddleware: options }
  const gateway = await startTestGateway(app.url, {
    ops: { host: '127.0.0.1', port: 0, statusPage: { enabled: true } },
    routes: [{ ...route, encryption, ...more }],
  })
  stopped.push(() => gateway.stop())
  return { app, gateway }
}

export const paid = {
  name: 'shop/paid',
  data: { order: 7 },
  id: '01HHHHHHHHHHHHHHHHHHHHHHHH',
  ts: 1,
  user: {},
}

export async function runWhole(
  app: EncryptedApp,
  gateway: TestGateway,
  change: Partial<RunOptions> = {},
) {
  const event = await app.sendEvent({ order: 7, encrypted: { card: '4242' } })
  const nowSeconds = Math.floor(gateway.clock.wallMs / 1000)
  const { port } = gateway
  return driveRun({ port, signingKey: testKey, nowSeconds, event, awaited: paid, ...change })
}

/** By result. */
export const countsOf = async (gateway: TestGateway) => {
  const text = await gateway.metricsText()
  const lines = text.matchAll(
    /^inngest_gateway_payload_encryption_total\{route="app",result="(\w+)"\} (\d+)$/gm,
  )
  return Object.fromEntries(
    [...lines].map(([, result = '', count]) => [result, Number(count)] as const),
  )
}

/** Every call passes a route that requires encryption, and the app decrypts everything. */
export async function expectWholeRun(middleware: Middleware): Promise<void> {
  const { app, gateway } = await startEncrypted(middleware, 'require')
  const { answers, bodies } = await runWhole(app, gateway)
  const plain = bodies.join('\n')
  for (const secret of ['4242', 'first result', 'list']) expect(plain).not.toContain(secret)
  expect([answers.length > 5, answers.at(-1)?.status]).toEqual([true, 200])
  expect(app.seen.at(-1)).toMatchObject({
    event: { order: 7, encrypted: { card: '4242' } },
    one: { secret: 'first result' },
    none: null,
    many: ['text', ['list']],
    caught: 'no luck',
  })
  const readings = new Set(gateway.logLines.map((line) => line['encryption']))
  expect([...readings].filter((reading) => reading !== undefined)).toEqual(['encrypted'])
  expect(await countsOf(gateway)).toEqual({ encrypted: answers.length })
}

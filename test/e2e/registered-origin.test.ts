/** The URL that an app registers behind the gateway, for each adapter of the real SDK. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { adapterSchemes, nodeEnvironments } from '../support/adapter-schemes.ts'
import { adapters } from '../support/adapter-apps.ts'
import { frameworks, startFrameworkApp, type AppOptions } from '../support/framework-apps.ts'
import { startRegistrationServer, type RegistrationServer } from '../support/registration-server.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey } from '../support/test-gateway.ts'

const serveOrigin = 'https://app.example.com'
const apps = { ...frameworks, ...adapters }

let inngest: RegistrationServer
beforeAll(async () => {
  inngest = await startRegistrationServer()
})
afterEach(() => {
  vi.unstubAllEnvs()
})
afterAll(() => {
  inngest.stop()
})

interface Setup extends Pick<AppOptions, 'serveOrigin' | 'trustsProxy'> {
  /** Environment of the app. */
  readonly env?: Readonly<Record<string, string>>
  /** Of the gateway's route. */
  readonly pinned?: string
}

/** Sends a signed sync through the gateway. @returns what the app registered for it. */
async function sync(
  adapter: string,
  { env = {}, pinned = serveOrigin, ...options }: Setup,
): Promise<string[]> {
  for (const name of ['NODE_ENV', 'INNGEST_SERVE_ORIGIN', 'INNGEST_SERVE_PATH'])
    vi.stubEnv(name, env[name])
  const makeListener = apps[adapter]
  if (makeListener === undefined) throw new Error(`no app for ${adapter}`)
  const app = await startFrameworkApp(makeListener, testKey, { ...options, baseUrl: inngest.url })
  const route = { name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }] }
  const gateway = await startTestGateway(app.url, { routes: [{ ...route, serveOrigin: pinned }] })
  const before = inngest.registered.length
  const body = `{"url":"${serveOrigin}/api/inngest"}`
  const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
  const headers = { 'content-type': 'application/json', 'x-inngest-signature': signature }
  const response = await send({ port: gateway.port, method: 'PUT', headers, body })
  expect(response.status).toBe(200)
  await gateway.stop()
  app.stop()
  return inngest.registered.slice(before)
}

// h3 takes the path off that it mounts by.
const pathOf = (adapter: string) => (adapter === 'h3' ? '/' : '/api/inngest')

it('has a row in the documentation for each adapter', () => {
  expect(Object.keys(adapterSchemes).sort()).toEqual(Object.keys(apps).sort())
})

describe.each(Object.entries(adapterSchemes))(
  'the %s adapter',
  (adapter, { registers, setting }) => {
    const remedied = `${serveOrigin}${pathOf(adapter)}`

    it.each(nodeEnvironments)('registers the documented scheme with NODE_ENV %s', async (name) => {
      const env = name === 'unset' ? {} : { NODE_ENV: name }
      const expected = `${registers[name]}://app.example.com${pathOf(adapter)}`
      expect(await sync(adapter, { env })).toEqual([expected])
    })

    it('registers serveOrigin with INNGEST_SERVE_ORIGIN', async () => {
      const env = { NODE_ENV: 'development', INNGEST_SERVE_ORIGIN: serveOrigin }
      expect(await sync(adapter, { env })).toEqual([remedied])
    })

    it('registers serveOrigin with the option of the SDK', async () => {
      const env = { NODE_ENV: 'development' }
      expect(await sync(adapter, { env, serveOrigin })).toEqual([remedied])
    })

    it(`${setting === undefined ? 'has no' : 'registers serveOrigin with the'} setting of the framework`, async () => {
      const [url] = await sync(adapter, { env: { NODE_ENV: 'development' }, trustsProxy: true })
      const expected = setting === undefined ? registers.development : 'https'
      expect(url).toBe(`${expected}://app.example.com${pathOf(adapter)}`)
    })
  },
)

it.each([
  ['node', 'http'],
  ['lambda', 'http'],
  ['next (pages)', 'https'],
  ['h3', 'https'],
])('registers for serveOrigin http://…, with %s, %s', async (adapter, scheme) => {
  const pinned = 'http://app.example.com'
  const [url] = await sync(adapter, { env: { NODE_ENV: 'production' }, pinned })
  expect(url).toBe(`${scheme}://app.example.com${pathOf(adapter)}`)
})

it('registers the path of h3 with INNGEST_SERVE_PATH', async () => {
  const env = { INNGEST_SERVE_ORIGIN: serveOrigin, INNGEST_SERVE_PATH: '/api/inngest' }
  expect(await sync('h3', { env })).toEqual([`${serveOrigin}/api/inngest`])
})

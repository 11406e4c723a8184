/** `bypass-check` against a real gateway and a real SDK: one result, and an exit code for it. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import net, { type AddressInfo, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { runCli } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { startSdkApp, type SdkApp } from '../support/sdk-app.ts'
import { fallbackKey, startTestGateway, testKey } from '../support/test-gateway.ts'

let app: SdkApp
const stops: (() => unknown)[] = []

beforeAll(async () => {
  // The SDK prints there each call that it cannot make sense of.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  app = await startSdkApp(testKey, fallbackKey)
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
afterAll(() => {
  app.stop()
  vi.restoreAllMocks()
})

const urlAt = (port: number, protocol = 'http') =>
  `${protocol}://127.0.0.1:${String(port)}/api/inngest`

async function startGateway(upstream = app.url): Promise<string> {
  const gateway = await startTestGateway(upstream)
  stops.push(() => gateway.stop())
  return urlAt(gateway.port)
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function startHttp(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return urlAt(await listening(server))
}

const withKey = { INNGEST_SIGNING_KEY: testKey }

async function check(gateway: string, apps: readonly string[], env: Record<string, string> = {}) {
  const wanted = apps.flatMap((url) => ['--app', url])
  const { exitCode: code, stdout } = await runCli(
    ['bypass-check', '--gateway', gateway, ...wanted],
    env,
  )
  const [last, ...details] = stdout.trimEnd().split('\n').reverse()
  return { code, last, details: details.reverse() }
}

const yes = { code: 1, last: 'reachable around the gateway: yes' }
const no = { code: 0, last: 'reachable around the gateway: no' }
const cannotTell = { code: 2, last: 'reachable around the gateway: cannot tell' }

describe('bypass-check', { timeout: 60_000 }, () => {
  it('says yes if the app responds, and runs no function of it', async () => {
    const direct = `${app.url}/api/inngest`
    const result = await check(await startGateway(), [direct], withKey)
    expect(result).toMatchObject(yes)
    expect(result.details).toEqual([`${direct}: app responded with 401`])
    expect(app.runs()).toBe(0)
  })

  it('runs no function of an app that checks no signature', async () => {
    const careless = await startSdkApp(undefined, undefined)
    stops.push(() => {
      careless.stop()
    })
    const result = await check(await startGateway(), [`${careless.url}/api/inngest`])
    expect(result).toMatchObject(yes)
    expect(careless.runs()).toBe(0)
  })

  it('says no if nothing but the gateway responds, and that the app may be down', async () => {
    const closed = urlAt(await freePort())
    const gateway = await startGateway()
    const result = await check(gateway, [closed])
    expect(result).toMatchObject(no)
    expect(result.details[0]).toBe(`${closed}: not reachable from here (ECONNREFUSED)`)
    expect(result.details[1]).toContain('nothing shows that the app is up')
    const withProof = await check(gateway, [closed], withKey)
    expect(withProof).toMatchObject(no)
    expect(withProof.details).toHaveLength(1)
    const printed = [...withProof.details, withProof.last].join('\n')
    const documented = printed.replace(closed, 'http://app.internal:3000/api/inngest')
    expect(readFileSync('docs/how-to/bypass-check.md', 'utf8')).toContain(
      `\`\`\`text\n${documented}\n\`\`\``,
    )
  })

  it('cannot tell if the gateway has no route for the URL', async () => {
    const closed = urlAt(await freePort())
    const gateway = await startGateway()
    const result = await check(gateway.replace('/api/inngest', '/api/ingest'), [closed], withKey)
    expect(result).toMatchObject(cannotTell)
    expect(result.details[1]).toContain('no route of the gateway has this host and path (404)')
  })

  it('says that the app may be down if the signed call is refused', async () => {
    const closed = urlAt(await freePort())
    const wrongKey = { INNGEST_SIGNING_KEY: testKey.replace('f00f', 'beef') }
    const result = await check(await startGateway(), [closed], wrongKey)
    expect(result).toMatchObject(no)
    expect(result.details[1]).toContain('nothing shows that the app is up: refused with 401')
  })

  it('says no if the URL of the app leads to the gateway', async () => {
    const gateway = await startGateway()
    const result = await check(gateway, [gateway])
    expect(result).toMatchObject(no)
    expect(result.details[0]).toContain('leads to the gateway itself: refused with 401')
  })

  it('cannot tell if the app does not respond to the gateway either', async () => {
    const port = await freePort()
    const gateway = await startGateway(`http://127.0.0.1:${String(port)}`)
    const result = await check(gateway, [urlAt(port)], withKey)
    expect(result).toMatchObject(cannotTell)
    expect(result.details).toContain(
      'the app does not respond to the gateway, so it may be down (502)',
    )
  })

  it.each([
    ['is not there', async () => urlAt(await freePort()), 'not connected (ECONNREFUSED)'],
    ['is an app', () => Promise.resolve(`${app.url}/api/inngest`), 'is no gateway'],
    [
      'is something else',
      () => startHttp((_, to) => to.writeHead(404).end()),
      'neither the gateway',
    ],
  ])('cannot tell if the gateway %s', async (_, start, detail) => {
    const result = await check(await start(), [urlAt(await freePort())])
    expect(result).toMatchObject(cannotTell)
    expect(result.details.at(-1)).toContain(detail)
  })

  it('says yes if one of several apps responds, whatever the others do', async () => {
    const result = await check(await startGateway(), [
      urlAt(await freePort()),
      `${app.url}/api/inngest`,
      'http://app.invalid:3000/api/inngest',
    ])
    expect(result).toMatchObject(yes)
    expect(result.details).toHaveLength(3)
  })

  it('says yes to an app over TLS, whatever its certificate', async () => {
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) =>
      readFileSync(`test/fixtures/tls/${name}`),
    )
    const server = createTlsServer({ cert, key }, (_, response) => response.end('hello'))
    stops.push(() => {
      server.close()
      server.closeAllConnections()
    })
    const result = await check(await startGateway(), [urlAt(await listening(server), 'https')])
    expect(result).toMatchObject(yes)
  })

  it('says yes to an SDK, whatever its status', async () => {
    const sdk = await startHttp((_, response) =>
      response.writeHead(503, { 'x-inngest-sdk': 'go:v0.16.0' }).end(),
    )
    expect(await check(await startGateway(), [sdk])).toMatchObject(yes)
  })

  it('says yes to a server that knows no such path', async () => {
    const other = await startHttp((_, response) => response.writeHead(404).end())
    expect(await check(await startGateway(), [other])).toMatchObject(yes)
  })

  it.each([
    ['forbids', 403, {}, 'which may be in front of the app'],
    ['redirects', 308, { location: 'https://app.example.com/' }, 'give the URL that it redirects'],
  ])('cannot tell if something in front of the app %s', async (_, status, headers, detail) => {
    const proxy = await startHttp((__, response) => response.writeHead(status, headers).end())
    const result = await check(await startGateway(), [proxy])
    expect(result).toMatchObject(cannotTell)
    expect(result.details[0]).toContain(detail)
  })

  it('cannot tell if the app accepts a connection and is silent, and ends', async () => {
    const sockets = new Set<net.Socket>()
    const silent = net.createServer((socket) => sockets.add(socket))
    stops.push(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const result = await check(await startGateway(), [urlAt(await listening(silent))])
    expect(result).toMatchObject(cannotTell)
    expect(result.details[0]).toContain('accepts a connection, but does not respond in time')
  })

  it('cannot tell if the name of the app is not known', async () => {
    const result = await check(await startGateway(), ['http://app.invalid/api/inngest'])
    expect(result).toMatchObject(cannotTell)
    expect(result.details[0]).toContain('check the address')
  })

  it('prints one JSON document', async () => {
    const gateway = await startGateway()
    const direct = `${app.url}/api/inngest`
    const args = ['bypass-check', '--gateway', gateway, '--app', direct, '--json']
    const { exitCode: code, stdout } = await runCli(args, {})
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      {
        reachable: 'yes',
        apps: [{ app: direct, reachable: 'yes', detail: 'app responded with 401' }],
      },
    ])
  })

  it.each([
    [['--app', 'http://a/'], "required option '--gateway <url>' not specified"],
    [['--gateway', 'http://a/'], "required option '--app <url>' not specified"],
    [
      ['--gateway', 'http://a/', '--app', 'app.internal:3000'],
      "--app: expected the app's own URL, such as http://app.internal:3000/api/inngest",
    ],
  ])('says what is missing in %j', async (args, message) => {
    const { exitCode: code, stderr } = await runCli(['bypass-check', ...args], {})
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

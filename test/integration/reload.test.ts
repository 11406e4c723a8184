/** Settings that change while the gateway runs: whole or not at all, and nothing is lost by it. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody } from '../support/attack.ts'
import { track } from '../support/app-behind-gateway.ts'
import { startNamedApp, type NamedApp } from '../support/apps.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

const routeTo = (app: NamedApp, more: object = {}) => ({
  routes: [{ name: 'app', upstream: app.url, signingKeys: [{ env: 'PRIMARY' }], ...more }],
})

async function start(app: NamedApp, more: object = {}): Promise<TestGateway> {
  return track(await startTestGateway(app.url, routeTo(app, more)))
}

const sign = (gateway: TestGateway, body: string) => ({
  'x-inngest-signature': signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000)),
})

async function call(gateway: TestGateway, body = freshBody()): Promise<string> {
  const answer = await send({ port: gateway.port, body, headers: sign(gateway, body) })
  return answer.status === 200 ? answer.body : String(answer.status)
}

const lastReload = (gateway: TestGateway) =>
  gateway.logLines.findLast(({ msg }) => String(msg).startsWith('configuration'))

describe('a changed configuration', () => {
  it('is in force soon after its file changes', async () => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const gateway = await start(first)
    expect(await call(gateway)).toBe('first')
    gateway.rewrite(routeTo(second))
    await expect.poll(() => call(gateway)).toBe('second')
    expect(lastReload(gateway)).toMatchObject({ msg: 'configuration reloaded', trigger: 'file' })
  })

  it('is in force at once on a signal', async () => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const gateway = await start(first)
    gateway.rewrite(routeTo(second))
    gateway.reload()
    expect(await call(gateway)).toBe('second')
    const metrics = await gateway.metricsText()
    expect(metrics).toContain('inngest_gateway_config_reloads_total{result="success"} 1')
    expect(metrics).toContain('inngest_gateway_config_last_reload_successful 1')
  })

  it('keeps the running one if it has problems, and reports what is wrong and where', async () => {
    const app = await startNamedApp('app')
    const gateway = await start(app)
    gateway.rewrite(`routes:\n  - name: app\n    upstream: nowhere\n    signingKey: x\n`)
    gateway.reload()
    expect(await call(gateway)).toBe('app')
    expect(lastReload(gateway)).toMatchObject({
      level: 50,
      problems: [
        expect.stringMatching(/:3: routes\[0\]\.upstream: expected http/) as string,
        expect.stringMatching(/:4: routes\[0\]\.signingKey: expected one of/) as string,
        expect.stringContaining('signingKeys') as string,
      ].sort(),
    })
    expect(await gateway.metricsText()).toContain('inngest_gateway_config_last_reload_successful 0')
  })

  it('is all right again when it is put back as it was', async () => {
    const app = await startNamedApp('app')
    const gateway = await start(app)
    gateway.rewrite('nonsense')
    await expect
      .poll(() => gateway.metricsText())
      .toContain('inngest_gateway_config_last_reload_successful 0')
    gateway.rewrite(routeTo(app))
    await expect
      .poll(() => gateway.metricsText())
      .toContain('inngest_gateway_config_last_reload_successful 1')
  })

  it.each([
    ['listen.port', { listen: { host: '127.0.0.1', port: 1 } }],
    ['ops.port', { ops: { host: '127.0.0.1', port: 1 } }],
    ['replay.maxEntries', { replay: { maxEntries: 5 } }],
    ['limits.maxHeaderSize', { limits: { maxHeaderSize: '2000B' } }],
  ])('names %s, if that changed, as what needs a restart', async (key, change) => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const gateway = await start(first)
    gateway.rewrite({ ...routeTo(second), ...change })
    gateway.reload()
    expect(await call(gateway)).toBe('first')
    const [problem] = lastReload(gateway)?.['problems'] as string[]
    expect(problem).toMatch(new RegExp(`${key}: expected .* until a restart`))
  })

  it('changes the limits of what is taken up from then on', async () => {
    const app = await startNamedApp('app')
    const gateway = await start(app)
    gateway.rewrite({ ...routeTo(app), limits: { maxBodySize: '1KiB', maxRequestsInFlight: 7 } })
    gateway.reload()
    const body = `{"ctx":{"request_id":"${'x'.repeat(1024)}","run_id":"run"}}`
    expect(await call(gateway, body)).toBe('413')
  })

  it('changes how many requests there may be at once', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>()
    const app = await startNamedApp('app', () => released)
    const gateway = await start(app)
    const first = call(gateway)
    await expect.poll(() => app.requests).toHaveLength(1)
    gateway.rewrite({ ...routeTo(app), limits: { maxRequestsInFlight: 1 } })
    gateway.reload()
    expect(await call(gateway)).toBe('503')
    release(undefined)
    expect(await first).toBe('app')
  })

  it('is not reported if it is only written again', async () => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const gateway = await start(first)
    gateway.rewrite(`# the same\n${gateway.written()}`)
    await sleep(800)
    expect(lastReload(gateway)).toBe(undefined)
    gateway.rewrite(routeTo(second))
    await expect.poll(() => call(gateway)).toBe('second')
    expect(await gateway.metricsText()).toContain('config_reloads_total{result="success"} 1')
  })

  it('changes the bounds on connections', async () => {
    const app = await startNamedApp('app')
    const gateway = await start(app)
    gateway.rewrite({ ...routeTo(app), limits: { maxConnectionsPerAddress: 1 } })
    gateway.reload()
    const held = connect(gateway.port, '127.0.0.1')
    await once(held, 'connect')
    expect(await call(gateway)).toBe('429')
    held.destroy()
  })

  it('takes a missing file as soon as the file is there', async () => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const gateway = await start(first)
    const mount = mountSecret({ other: 'x' })
    const file = path.join(path.dirname(mount.fileOf('other')), 'late')
    gateway.rewrite(routeTo(second, { signingKeys: [{ file }] }))
    await expect
      .poll(() => gateway.metricsText())
      .toContain('inngest_gateway_config_last_reload_successful 0')
    writeFileSync(file, testKey)
    await expect.poll(() => call(gateway)).toBe('second')
  })

  it('is one too if only the authorities of an app are others', async () => {
    const ca = readFileSync('test/fixtures/tls/cert.pem', 'utf8')
    const mount = mountSecret({ ca })
    const app = await startNamedApp('app')
    const gateway = await start(app, {
      upstream: 'https://127.0.0.1:1',
      upstreamTls: { caFile: mount.fileOf('ca') },
    })
    mount.put({ ca: readFileSync('test/fixtures/tls/second-cert.pem', 'utf8') })
    await expect
      .poll(() => gateway.metricsText())
      .toContain('inngest_gateway_config_reloads_total{result="success"} 1')
  })

  it('changes the log level', async () => {
    const app = await startNamedApp('app')
    const gateway = await start(app)
    gateway.rewrite({ ...routeTo(app), log: { level: 'silent' } })
    gateway.reload()
    const lines = gateway.logLines.length
    await call(gateway)
    expect(gateway.logLines).toHaveLength(lines)
  })
})

describe('across a reload', () => {
  it('serves a request by the settings that it began with', async () => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const gateway = await start(first, { serveOrigin: 'https://first.example' })
    const body = freshBody()
    const head = callBytes('', [
      `Content-Length: ${String(body.length)}`,
      `X-Inngest-Signature: ${sign(gateway, body)['x-inngest-signature']}`,
      'Connection: close',
    ])
    const socket = connect(gateway.port, '127.0.0.1')
    socket.write(head)
    await expect.poll(() => gateway.metricsText()).toContain('inngest_gateway_requests_in_flight 1')
    gateway.rewrite(routeTo(second, { serveOrigin: 'https://second.example' }))
    gateway.reload()
    expect(await call(gateway)).toBe('second')
    socket.write(body)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/)
    expect(first.requests).toEqual([{ host: 'first.example', body }])
    expect(second.requests.map(({ host }) => host)).toEqual(['second.example'])
  })

  it('keeps a claimed signature claimed', async () => {
    const app = await startNamedApp('app')
    const gateway = await start(app)
    const body = freshBody()
    expect(await call(gateway, body)).toBe('app')
    gateway.rewrite({ ...routeTo(app), freshness: { maxAge: '1h' } })
    gateway.reload()
    expect(await call(gateway, body)).toBe('409')
    // Forgotten under the old bounds, and still fresh by the new ones.
    gateway.clock.wallMs += 601_000
    await call(gateway)
    const late = await send({
      port: gateway.port,
      body,
      headers: {
        'x-inngest-signature': signatureHeader(
          testKey,
          body,
          Math.floor(gateway.clock.wallMs / 1000) - 601,
        ),
      },
    })
    expect(late.status).toBe(503)
    expect(app.requests.filter((request) => request.body === body)).toHaveLength(1)
  })

  it('keeps connections open, to clients and to the app', async () => {
    const app = await startNamedApp('app')
    const gateway = await start(app)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const kept = async () => {
      const body = freshBody()
      const request = httpRequest({
        port: gateway.port,
        path: '/api/inngest',
        method: 'POST',
        headers: { ...sign(gateway, body), 'content-length': body.length },
        agent,
      })
      request.end(body)
      const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
      response.resume()
      await once(response, 'end')
      return request.reusedSocket
    }
    expect(await kept()).toBe(false)
    gateway.rewrite({ ...routeTo(app), freshness: { maxAge: '200s' } })
    gateway.reload()
    expect(await kept()).toBe(true)
    expect(app.connections.ever).toBe(1)
    agent.destroy()
  })

  it('closes connections to an app that is no longer named', async () => {
    const [first, second] = [await startNamedApp('first'), await startNamedApp('second')]
    const gateway = await start(first)
    await call(gateway)
    expect(first.connections.open).toBe(1)
    gateway.rewrite(routeTo(second))
    gateway.reload()
    await expect.poll(() => first.connections.open).toBe(0)
  })
})

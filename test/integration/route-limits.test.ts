/** `limits` of a route: how many function calls an app gets, and how fast, over real sockets. */
import type { ServerResponse } from 'node:http'

import { describe, expect, it } from 'vitest'

import { startBehind, stops } from '../support/app-behind-gateway.ts'
import { callBytes, freshBody, gauge } from '../support/attack.ts'
import { open } from '../support/raw.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { testKey, type TestGateway } from '../support/test-gateway.ts'

interface Given {
  readonly limits: object
  readonly config?: Readonly<Record<string, unknown>>
  /** Of the route. */
  readonly more?: object
}

/** An app that holds each request until the test responds to it. */
async function startHeld({ limits, config = {}, more = {} }: Given) {
  const held: { readonly response: ServerResponse; readonly body: string }[] = []
  const routeTo = (upstream: string, own: object | undefined) => ({
    ...config,
    routes: [{ name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }], ...more, limits: own }],
  })
  let url = ''
  const gateway = await startBehind(
    (_request, response, body) => held.push({ response, body }),
    (appUrl) => {
      url = appUrl
      return routeTo(appUrl, limits)
    },
  )
  const reload = (own: object | undefined) => {
    gateway.rewrite(routeTo(url, own))
    gateway.reload()
  }
  const release = (count = 1) => {
    for (const { response } of held.splice(0, count)) response.end('done')
  }
  const reached = (count: number) => expect.poll(() => held.length).toBe(count)
  return { gateway, held, release, reached, reload }
}

function signed(gateway: TestGateway, body: string) {
  const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
  return { 'x-inngest-signature': signature }
}

const call = (gateway: TestGateway, body = freshBody()) =>
  send({ port: gateway.port, body, headers: signed(gateway, body) })

async function stateOf(gateway: TestGateway) {
  const metrics = await gateway.metricsText()
  const of = (name: string) => gauge(metrics, `route_requests_${name}{route="app"}`)
  return { inFlight: of('in_flight'), waiting: of('waiting') }
}

const expectState = (gateway: TestGateway, state: { inFlight: number; waiting: number }) =>
  expect.poll(() => stateOf(gateway)).toEqual(state)

const linesOf = ({ logLines }: TestGateway) => logLines.filter(({ msg }) => msg === 'request')
const lastLine = (gateway: TestGateway) => linesOf(gateway).at(-1)

describe('a route with limits.maxRequestsInFlight', () => {
  it('lets a call wait until another has ended, and logs and counts how long', async () => {
    const { gateway, release, reached } = await startHeld({ limits: { maxRequestsInFlight: 1 } })
    const first = call(gateway)
    await reached(1)
    const second = call(gateway)
    await expectState(gateway, { inFlight: 1, waiting: 1 })
    gateway.clock.monotonic += 1500
    release()
    expect((await first).status).toBe(200)
    await reached(1)
    await expectState(gateway, { inFlight: 1, waiting: 0 })
    release()
    expect((await second).status).toBe(200)
    expect(linesOf(gateway)[0]).not.toHaveProperty('waited_ms')
    expect(lastLine(gateway)).toMatchObject({ decision: 'admitted', waited_ms: 1500 })
    const metrics = await gateway.metricsText()
    expect(metrics).toContain(
      'inngest_gateway_limit_wait_seconds_sum{route="app",decision="admitted"} 1.5',
    )
    expect(await stateOf(gateway)).toEqual({ inFlight: 0, waiting: 0 })
  })

  it('forwards calls in the order in which they came, each with its own body', async () => {
    const { gateway, held, release, reached } = await startHeld({
      limits: { maxRequestsInFlight: 1 },
    })
    const bodies = [freshBody(), freshBody(), freshBody(), freshBody()]
    const calls: Promise<unknown>[] = []
    for (const [i, body] of bodies.entries()) {
      calls.push(call(gateway, body))
      await (i === 0 ? reached(1) : expectState(gateway, { inFlight: 1, waiting: i }))
    }
    const seen: string[] = []
    while (seen.length < bodies.length) {
      await reached(1)
      seen.push(held[0]?.body ?? '')
      release()
    }
    expect(seen).toEqual(bodies)
    await Promise.all(calls)
  })

  it('refuses a call that waited in vain with 429, spread over time, and gives its claim back', async () => {
    const limits = { maxRequestsInFlight: 1, maxWait: '50ms' }
    const { gateway, release, reached } = await startHeld({ limits })
    const first = call(gateway)
    await reached(1)
    const body = freshBody()
    const answer = await call(gateway, body)
    expect(answer.status).toBe(429)
    expect(answer.headers['retry-after']).toMatch(/^(3\d|4\d|5\d|60)$/)
    expect(answer.headers).not.toHaveProperty('x-inngest-sdk')
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'Too Many Requests' })
    expect(lastLine(gateway)).toMatchObject({
      decision: 'refused',
      reason: 'app_requests_full',
      claim: 'released',
      waited_ms: 0,
    })
    release()
    await first
    // A proxy in front may send the same bytes once more.
    const again = call(gateway, body)
    await reached(1)
    release()
    expect((await again).status).toBe(200)
    expect((await call(gateway, body)).status).toBe(409)
  })

  it('limits function calls only', async () => {
    const limits = { maxRequestsInFlight: 1, maxWait: '0s' }
    const { gateway, release, reached } = await startHeld({ limits })
    const first = call(gateway)
    await reached(1)
    const introspection = send({
      port: gateway.port,
      method: 'GET',
      headers: signed(gateway, ''),
    })
    await reached(2)
    const sync = '{"url":"http://app.example.com/api/inngest"}'
    const headers = { ...signed(gateway, sync), host: 'app.example.com' }
    const put = send({ port: gateway.port, method: 'PUT', headers, body: sync })
    await reached(3)
    const target = '/api/inngest?probe=trust'
    const probe = send({ port: gateway.port, target, headers: signed(gateway, '{}'), body: '{}' })
    await reached(4)
    expect((await call(gateway)).status).toBe(429)
    release(4)
    const responses = await Promise.all([first, introspection, put, probe])
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  it('frees the place of a client that resets its connection while it waits, and its claim', async () => {
    const { gateway, release, reached } = await startHeld({ limits: { maxRequestsInFlight: 1 } })
    const first = call(gateway)
    await reached(1)
    const body = freshBody()
    const socket = await open(gateway.port)
    const { 'x-inngest-signature': signature } = signed(gateway, body)
    const length = String(Buffer.byteLength(body))
    socket.write(
      callBytes(body, [`Content-Length: ${length}`, `X-Inngest-Signature: ${signature}`]),
    )
    await expectState(gateway, { inFlight: 1, waiting: 1 })
    socket.resetAndDestroy()
    await expectState(gateway, { inFlight: 1, waiting: 0 })
    expect(lastLine(gateway)).toMatchObject({ reason: 'downstream_closed', claim: 'released' })
    release()
    await first
    const again = call(gateway, body)
    await reached(1)
    release()
    expect((await again).status).toBe(200)
    await expectState(gateway, { inFlight: 0, waiting: 0 })
  })

  it('lets calls through that wait when a reload raises it', async () => {
    const { gateway, release, reached, reload } = await startHeld({
      limits: { maxRequestsInFlight: 1 },
    })
    const calls = [call(gateway)]
    await reached(1)
    calls.push(call(gateway))
    await expectState(gateway, { inFlight: 1, waiting: 1 })
    reload({ maxRequestsInFlight: 3 })
    await reached(2)
    release(2)
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(statuses).toEqual([200, 200])
  })

  it('lets calls through that wait when a reload removes it', async () => {
    const { gateway, release, reached, reload } = await startHeld({
      limits: { maxRequestsInFlight: 1 },
    })
    const calls = [call(gateway)]
    await reached(1)
    calls.push(call(gateway))
    await expectState(gateway, { inFlight: 1, waiting: 1 })
    reload(undefined)
    await reached(2)
    release(2)
    await Promise.all(calls)
    await expectState(gateway, { inFlight: 0, waiting: 0 })
  })

  it('gives the place back of a call that the app did not respond to', async () => {
    const { gateway, held, reached } = await startHeld({ limits: { maxRequestsInFlight: 1 } })
    const first = call(gateway)
    await reached(1)
    held.shift()?.response.destroy()
    expect((await first).status).toBe(502)
    const second = call(gateway)
    await reached(1)
    held.shift()?.response.end()
    expect((await second).status).toBe(200)
  })

  it('refuses those that wait when half of the time to stop is over', async () => {
    const { gateway, release, reached } = await startHeld({
      limits: { maxRequestsInFlight: 1, maxWait: '1m' },
      config: { shutdown: { delay: '0s', drainTimeout: '4s' } },
    })
    const stop = stops.pop()
    const first = call(gateway)
    await reached(1)
    const second = call(gateway)
    await expectState(gateway, { inFlight: 1, waiting: 1 })
    const stopped = stop?.()
    expect((await second).status).toBe(429)
    release()
    expect((await first).status).toBe(200)
    await stopped
  })
})

describe('a route with limits.rate', () => {
  it('lets as many through at once as come in a second, and refuses the next', async () => {
    const limits = { rate: '180/m', maxWait: '0s' }
    const { gateway, release, reached } = await startHeld({ limits })
    const calls = [call(gateway), call(gateway), call(gateway)]
    await reached(3)
    expect((await call(gateway)).status).toBe(429)
    expect(lastLine(gateway)).toMatchObject({ reason: 'app_rate_exceeded' })
    // The bucket fills with the time of the gateway's own clock.
    gateway.clock.monotonic += 334
    const next = call(gateway)
    await reached(4)
    release(4)
    expect((await next).status).toBe(200)
    await Promise.all(calls)
  })
})

describe('the status page', () => {
  it('shows what the limits of a route do', async () => {
    const { gateway, release, reached } = await startHeld({
      limits: { maxRequestsInFlight: 1, rate: '100/s' },
      config: {
        ops: { host: '127.0.0.1', port: 0, statusPage: { enabled: true } },
      },
    })
    const first = call(gateway)
    await reached(1)
    const second = call(gateway)
    await expectState(gateway, { inFlight: 1, waiting: 1 })
    const headers = { host: `127.0.0.1:${String(gateway.opsPort)}` }
    const page = await send({ port: gateway.opsPort, method: 'GET', target: '/status', headers })
    expect(page.body).toContain('limits: 1 of 1 in flight, at most 100/s, 1 waiting')
    release()
    await reached(1)
    release()
    await Promise.all([first, second])
  })
})

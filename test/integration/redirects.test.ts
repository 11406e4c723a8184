/** An app's redirect: Inngest repeats the call with the same signature, and only there it is let in. */
import { describe, expect, it } from 'vitest'

import { startBehind } from '../support/app-behind-gateway.ts'
import { freshBody } from '../support/attack.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { testKey, type TestGateway } from '../support/test-gateway.ts'

const first = '/api/inngest?fnId=shop-hello&stepId=step'

/** Redirects every call of the first path, and answers those of others. */
function startRedirecting(location: string, status = 307, body = '') {
  return startBehind(
    (request, response, received) => {
      if (request.url?.startsWith('/api/inngest') === true) {
        response.writeHead(status, { location })
        response.end(body)
      } else response.end(`${request.url ?? ''} ${received}`)
    },
    undefined,
    undefined,
    ['/api/inngest', '/moved', '/other'],
  )
}

function caller(gateway: TestGateway) {
  const body = freshBody()
  const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
  const call = async (target: string, host = 'app.example.com') => {
    const headers = { 'x-inngest-signature': signature, host }
    const answer = await send({ port: gateway.port, target, headers, body })
    return answer.status === 200 ? answer.body : answer.status
  }
  return { body, call }
}

describe('a 307 or 308 of the app', () => {
  it.each([
    [307, '/moved'],
    [308, '/moved?x=1'],
    [307, 'moved-relative/../../moved'],
    [307, 'https://app.example.com/moved'],
    [307, '//app.example.com/moved?fnId=what-the-app-says&x=2'],
  ])('%i to %s can be followed, once', async (status, location) => {
    const gateway = await startRedirecting(location, status)
    const { body, call } = caller(gateway)
    expect(await call(first)).toBe(status)
    // As Inngest follows it: with the parameters of the first call, sorted.
    const followed = '/moved?fnId=shop-hello&stepId=step&x=1'
    expect(await call(followed)).toBe(`${followed} ${body}`)
    expect(await call(followed)).toBe(409)
    expect(gateway.logLines[0]).toMatchObject({ status, redirect: 'rearmed' })
  })

  it.each([
    ['another path', '/other?fnId=shop-hello&stepId=step', undefined],
    ['another function', '/moved?fnId=shop-other&stepId=step', undefined],
    ['another step', '/moved?fnId=shop-hello&stepId=other', undefined],
    ['another host', '/moved?fnId=shop-hello&stepId=step', 'evil.example.com'],
    ['the first target', first, undefined],
  ])('lets nobody use the signature for %s', async (_, target, host) => {
    const gateway = await startRedirecting('/moved')
    const { call } = caller(gateway)
    expect(await call(first)).toBe(307)
    expect(await call(target, host)).toBe(409)
  })

  it('forwards a body whole', async () => {
    const gateway = await startRedirecting('/moved', 307, 'x'.repeat(100_000))
    const body = freshBody()
    const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
    const answer = await send({
      port: gateway.port,
      target: first,
      body,
      headers: { 'x-inngest-signature': signature },
    })
    expect([answer.status, answer.body.length]).toEqual([307, 100_000])
  })

  it('rearms a redirect to the pinned host, where the proxy in front rewrites Host', async () => {
    const gateway = await startBehind(
      ({ url = '' }, response) => {
        if (url.startsWith('/moved')) response.end('moved')
        else response.writeHead(307, { location: 'https://public.example.com/moved' }).end()
      },
      (upstream) => ({
        routes: ['/api/inngest', '/moved'].map((path, i) => ({
          name: `app-${String(i)}`,
          path,
          upstream,
          serveOrigin: 'https://public.example.com',
          signingKeys: [{ env: 'PRIMARY' }],
        })),
      }),
    )
    const { call } = caller(gateway)
    expect(await call(first, 'gateway.internal')).toBe(307)
    const followed = '/moved?fnId=shop-hello&stepId=step'
    expect(await call(followed, 'elsewhere.internal')).toBe(409)
    expect(await call(followed, 'gateway.internal')).toBe('moved')
    expect(await call(followed, 'gateway.internal')).toBe(409)
  })

  it('arms nothing for a target by http where nothing is called', async () => {
    const gateway = await startRedirecting('mailto:somebody@example.com')
    const { call } = caller(gateway)
    expect(await call(first)).toBe(307)
    expect(gateway.logLines[0]).toMatchObject({ redirect: 'not_rearmed' })
  })

  it.each([
    ['/nowhere', 'app.example.com', '/nowhere'],
    ['/api/inngest/', 'app.example.com', '/api/inngest/'],
    ['/moved/../nowhere', 'app.example.com', '/nowhere'],
    ['https://other.example.com:8443/nowhere?x=1', 'other.example.com:8443', '/nowhere'],
  ])('arms nothing for %s, which no route serves, and is warned of once', async (...expected) => {
    const [location, host, path] = expected
    const gateway = await startRedirecting(location)
    for (let i = 0; i < 2; i += 1) expect(await caller(gateway).call(first)).toBe(307)
    const requests = gateway.logLines.filter(({ msg }) => msg === 'request')
    expect(requests.map(({ redirect }) => redirect)).toEqual(['not_served', 'not_served'])
    const warnings = gateway.logLines.filter(({ level }) => level === 40)
    expect(warnings).toEqual([
      expect.objectContaining({
        route: 'app-0',
        host,
        path,
        msg: 'app redirects to a host and path that no Inngest route serves',
      }),
    ])
  })

  it('arms nothing for a passthrough route, since nothing is verified there', async () => {
    const gateway = await startBehind(
      (_, response) => response.writeHead(307, { location: '/open' }).end(),
      (url) => ({
        routes: [
          { name: 'app', upstream: url, signingKeys: [{ env: 'PRIMARY' }] },
          { name: 'open', policy: 'passthrough', path: '/open', upstream: url },
        ],
      }),
    )
    expect(await caller(gateway).call(first)).toBe(307)
    expect(gateway.logLines.at(-1)).toMatchObject({ redirect: 'not_served' })
  })

  it('warns of no more than a hundred targets', async () => {
    let serial = 0
    const gateway = await startBehind((_, response) => {
      serial += 1
      response.writeHead(307, { location: `/nowhere-${String(serial)}` }).end()
    })
    for (let i = 0; i < 105; i += 1) await caller(gateway).call(first)
    expect(gateway.logLines.filter(({ level }) => level === 40)).toHaveLength(100)
  })

  it('ends after sixty redirects to itself', async () => {
    const gateway = await startRedirecting(first)
    const { call } = caller(gateway)
    for (let i = 0; i <= 60; i += 1) expect(await call(first)).toBe(307)
    expect(await call(first)).toBe(409)
    expect(gateway.logLines.at(-2)).toMatchObject({ redirect: 'not_rearmed' })
  })
})

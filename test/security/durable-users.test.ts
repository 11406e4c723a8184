/**
 * What users may send to durable endpoints, and at which host.
 */
import { describe, expect, it } from 'vitest'

import { startTarget } from '../support/attack.ts'
import {
  callAsUser,
  durableConfig,
  durableHost,
  reasonsOf,
  reenter,
  requestLines,
  startDurable,
  startWithOpen,
} from '../support/durable-route.ts'

describe('a user', () => {
  it.each([
    'x-inngest-signature',
    'x-inngest-step-id',
    'X-Inngest-Anything',
    'x-run-id',
    'X-RUN-ID',
    'x_run_id',
    'x.inngest.signature',
    'X_Inngest-Step_ID',
    'X~Run!ID',
  ])('is refused if a header is %s, never forwarded as a user', async (name) => {
    const target = await startDurable()
    expect((await callAsUser(target, { headers: { [name]: 'a' } })).status).toBe(401)
    expect(target.upstream.bytes()).toBe('')
    expect(requestLines(target)[0]).toMatchObject({ durable: 'reentry', decision: 'refused' })
  })

  it('cannot bring in a header of Inngest by naming it in Connection or Trailer', async () => {
    const target = await startDurable()
    const lines = [
      'POST /endpoints/order HTTP/1.1',
      `Host: ${durableHost}`,
      'Connection: X-Run-ID, X-Inngest-Signature, close',
      'Trailer: X-Run-ID',
      'TE: trailers',
      'Transfer-Encoding: chunked',
    ]
    const body = '2\r\nok\r\n0\r\nX-Run-ID: a\r\nX-Inngest-Signature: b\r\n\r\n'
    await target.raw(`${lines.join('\r\n')}\r\n\r\n${body}`)
    await expect.poll(() => target.upstream.seen.length).toBe(1)
    expect(target.upstream.seen[0]?.body).toBe('ok')
    expect(target.upstream.bytes()).not.toMatch(/run.id|inngest/i)
    expect(reasonsOf(target)).toEqual(['none'])
  })

  it.each([
    ['/Endpoints/order', 404],
    ['/endpoints/../api/inngest', 404],
    ['/endpoints/%2e%2e/api/inngest', 404],
    ['/endpointsx', 404],
    ['/endpoints/../admin', 404],
    ['/endpoints/%2E%2e/admin', 404],
    ['/endpoints/..%5cadmin', 404],
  ])('gets %s refused (%i), which an app could read as another route', async (path, status) => {
    const target = await startDurable()
    expect((await callAsUser(target, { target: path })).status).toBe(status)
    expect(target.upstream.bytes()).toBe('')
  })
})

describe('two durable routes to one app', () => {
  it.each([
    ['FALLBACK', 200],
    ['PRIMARY', 404],
  ])(
    'do not open each other by a spelling of the path, unless by the same key (%s: %i)',
    async (key, status) => {
      const target = await startTarget((url) => {
        const { routes } = durableConfig(url) as { routes: object[] }
        const other = { name: 'other', policy: 'durable', path: '/other', host: durableHost }
        return { routes: [...routes, { ...other, upstream: url, signingKeys: [{ env: key }] }] }
      })
      const spelling = '/endpoints/%2fother'
      expect((await reenter(target, { target: spelling })).status).toBe(status)
      expect((await reenter(target, { target: '/endpoints/a' })).status).toBe(200)
    },
  )
})

describe('the Host of a durable route', () => {
  it.each(['other.example.com', 'app.example.com:8443', 'app.example.com.evil'])(
    'is not %s: users and re-entries with it are refused',
    async (host) => {
      const target = await startDurable()
      expect((await callAsUser(target, { headers: { host } })).status).toBe(404)
      expect((await reenter(target, { headers: { host } })).status).toBe(404)
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it.each([
    [{ host: durableHost }, 'app.example.com'],
    [{ host: undefined, serveOrigin: 'https://app.example.com' }, 'app.example.com'],
    [{ serveOrigin: 'https://public.example.com' }, 'public.example.com'],
  ])('reaches the app as the route has it, with %j as %s', async (route, pinned) => {
    const target = await startDurable(route)
    for (const host of ['app.example.com', 'APP.Example.com', 'app.example.com.:443']) {
      expect((await callAsUser(target, { headers: { host } })).status).toBe(200)
      expect((await reenter(target, { headers: { host } })).status).toBe(200)
    }
    expect(target.upstream.seen).toHaveLength(6)
    for (const { fields } of target.upstream.seen) {
      expect(fields['host']).toEqual([pinned])
      expect(fields['x-forwarded-host']).toEqual([pinned])
    }
  })

  it.each(['//evil.example.com/a', '/\\evil.example.com/a', '///evil.example.com'])(
    'is not passed by: the target %s, which an app could read a host from, is refused',
    async (path) => {
      const target = await startDurable({ path: '/' })
      expect((await callAsUser(target, { target: path })).status).toBe(400)
      expect((await reenter(target, { target: path })).status).toBe(400)
      expect(reasonsOf(target)).toEqual(['request_malformed', 'request_malformed'])
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it('is not passed by: the same path on a passthrough route of any host is refused', async () => {
    const target = await startWithOpen()
    const call = (path: string, host: string) =>
      callAsUser(target, { target: path, headers: { host } })
    expect((await call('/endpoints/order', 'evil.example.com')).status).toBe(404)
    expect((await call('/ENDPOINTS/order', durableHost)).status).toBe(404)
    expect(reasonsOf(target)).toEqual(['path_ambiguous', 'path_ambiguous'])
    expect((await call('/other', 'evil.example.com')).status).toBe(200)
    expect((await call('/endpoints/order', durableHost)).status).toBe(200)
  })
})

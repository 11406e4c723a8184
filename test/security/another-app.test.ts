/**
 * One signing key serves every app of an environment, so a captured call for one app verifies at the route of
 * another. With `apps` a route is for the functions of its own apps only.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'
import { signatureHeader } from '../support/sender.ts'
import { fallbackKey } from '../support/test-gateway.ts'

let serial = 0

/** A signed call of the function with this id in Inngest, of a new run each time. */
function bodyOf(id: string): string {
  serial += 1
  return `{"ctx":{"env":"","fn_id":"${id}","request_id":"r${String(serial)}","run_id":"run-${String(serial)}"},"event":{},"version":1}`
}

interface Sent {
  readonly path?: string
  readonly query: string
  readonly method?: string
  readonly body?: string
  readonly key?: string
}

async function send(target: Target, sent: Sent): Promise<number> {
  const { path = '/billing', query, method = 'POST', body = bodyOf(`id-${query}`), key } = sent
  const nowSeconds = Math.floor(target.gateway.clock.wallMs / 1000)
  const signature = key === undefined ? target.sign(body) : signatureHeader(key, body, nowSeconds)
  const length = body === '' ? [] : [`Content-Length: ${String(Buffer.byteLength(body))}`]
  const fields = [...length, `X-Inngest-Signature: ${signature}`, 'Connection: close']
  return statusOf(await target.raw(callBytes(body, fields, `${method} ${path}?${query} HTTP/1.1`)))
}

const last = (target: Target) => target.gateway.logLines.at(-1)

/** Two apps of one environment, each at a path of its own, and one of another environment. */
function start(checks: object = {}, legacyServer = false): Promise<Target> {
  return startTarget((upstream) => {
    const route = (name: string, apps: string[], key = 'PRIMARY') => ({
      name,
      path: `/${name}`,
      upstream,
      apps,
      legacyServer,
      signingKeys: [{ env: key }],
    })
    return {
      checks,
      routes: [
        route('billing', ['billing', 'fast_api', 'My App']),
        route('eu', ['billing-eu']),
        route('foreign', ['mail'], 'FALLBACK'),
      ],
    }
  })
}

describe('a signed call at a route with apps', () => {
  it.each([
    'billing-pay',
    'billing-europe',
    'fast_api-x',
    'My+App-pay',
    'My%20App-pay',
    '%62illing-pay',
  ])('is forwarded for fnId=%s', async (fnId) => {
    const target = await start()
    expect(await send(target, { query: `fnId=${fnId}&stepId=step` })).toBe(200)
    expect(last(target)?.['app']).toMatch(/^(?:billing|fast_api|My App)$/)
  })

  it.each([
    ['another app', 'fnId=billing-eu-pay', 'billing-eu'],
    ['an app of another environment', 'fnId=mail-send', 'mail'],
    ['an unknown app', 'fnId=shop-pay', undefined],
    ['an app in another spelling', 'fnId=Billing-pay', undefined],
    ['a function without the id of its app', 'fnId=pay', undefined],
    ['no function', 'stepId=step', undefined],
    ['an empty fnId', 'fnId=', undefined],
  ])('is refused for %s', async (_, query, app) => {
    const target = await start()
    const body = bodyOf('id')
    expect(await send(target, { query, body })).toBe(403)
    expect(last(target)).toMatchObject({ decision: 'refused', reason: 'app_not_served' })
    expect(last(target)?.['app']).toBe(app)
    expect(target.upstream.seen).toHaveLength(0)
    // Its signature was not claimed.
    expect(await send(target, { query: 'fnId=billing-pay', body })).toBe(200)
  })

  it('is refused for another app on a route with legacyServer too', async () => {
    const target = await start({}, true)
    expect(await send(target, { query: 'fnId=billing-eu-pay' })).toBe(403)
    expect(await send(target, { query: 'fnId=billing-pay' })).toBe(200)
  })

  it('says nothing about apps before its signature is verified', async () => {
    const target = await start()
    const forged = { query: 'fnId=billing-eu-pay', key: fallbackKey }
    expect(await send(target, forged)).toBe(401)
    expect(last(target)).toMatchObject({ reason: 'signature_mismatch' })
    expect(last(target)?.['app']).toBeUndefined()
  })

  it('is forwarded, reported and counted for another app in report mode', async () => {
    const target = await start({ app: 'report' })
    for (const query of ['fnId=billing-eu-pay', 'fnId=billing-eu-pay', 'fnId=pay']) {
      expect(await send(target, { query })).toBe(200)
      expect(last(target)?.['report_only']).toEqual(['app_not_served'])
    }
    expect(await send(target, { query: 'fnId=billing-pay' })).toBe(200)
    expect(last(target)?.['report_only']).toBeUndefined()
    const metrics = await target.metrics()
    for (const line of [
      'report_only_refusals_total{route="billing",reason="app_not_served"} 3',
      'app_requests_total{route="billing",app="billing-eu",decision="admitted"} 2',
      'app_requests_total{route="billing",app="none",decision="admitted"} 1',
      'app_requests_total{route="billing",app="billing",decision="admitted"} 1',
    ]) {
      expect(metrics).toContain(`inngest_gateway_${line}\n`)
    }
  })

  it('is not looked at where the check is off', async () => {
    const target = await start({ app: 'off' })
    expect(await send(target, { query: 'fnId=billing-eu-pay' })).toBe(200)
    expect(last(target)?.['app']).toBeUndefined()
    expect(last(target)?.['report_only']).toBeUndefined()
  })
})

describe('a request that names no function, at a route with apps', () => {
  it.each([
    ['GET', '', ''],
    ['PUT', '', '{"url":"https://app.example.com/billing"}'],
    ['POST', 'probe=trust', '{}'],
  ])('is forwarded as before: %s %s', async (method, query, body) => {
    const target = await start({ app: 'enforce' })
    expect(await send(target, { method, query, body })).toBe(200)
    expect(last(target)).toMatchObject({ decision: 'admitted' })
    expect(last(target)?.['app']).toBeUndefined()
  })
})

describe('a captured call whose fnId was changed to one of the route', () => {
  const call = { path: '/eu', query: 'fnId=billing-eu-pay' }

  it('is refused, once the function is known at the route of its own app', async () => {
    const target = await start({ functionId: 'enforce' })
    for (let i = 0; i < 2; i += 1) {
      expect(await send(target, { ...call, body: bodyOf('id-of-eu') })).toBe(200)
    }
    const changed = { query: 'fnId=billing-pay', body: bodyOf('id-of-eu') }
    expect(await send(target, changed)).toBe(401)
    expect(last(target)).toMatchObject({
      route: 'billing',
      reason: 'function_id_mismatch',
      expected_fn_id: 'billing-eu-pay',
    })
    expect(target.upstream.seen).toHaveLength(2)
  })

  it('is not recognized before any honest call, since fnId is not signed', async () => {
    const target = await start({ functionId: 'enforce' })
    expect(await send(target, { query: 'fnId=billing-pay', body: bodyOf('id-of-eu') })).toBe(200)
  })

  it('is not judged by what the route of another environment has learned', async () => {
    const target = await start({ functionId: 'enforce' })
    for (let i = 0; i < 2; i += 1) {
      const sent = { path: '/foreign', query: 'fnId=mail-send', key: fallbackKey }
      expect(await send(target, { ...sent, body: bodyOf('id') })).toBe(200)
    }
    expect(await send(target, { query: 'fnId=billing-pay', body: bodyOf('id') })).toBe(200)
  })
})

describe('a reload', () => {
  it('changes which apps a route is for', async () => {
    const target = await start()
    expect(await send(target, { query: 'fnId=shop-pay' })).toBe(403)
    const { gateway } = target
    gateway.rewrite(gateway.written().replace('- fast_api', '- shop'))
    gateway.reload()
    expect(await send(target, { query: 'fnId=shop-pay' })).toBe(200)
    expect(await send(target, { query: 'fnId=fast_api-x' })).toBe(403)
  })
})

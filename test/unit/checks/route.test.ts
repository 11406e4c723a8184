import { describe, expect, it } from 'vitest'

import { AddressRanges } from '../../../gateway/checks/address-ranges.ts'
import { checkInngestUse } from '../../../gateway/checks/inngest-use.ts'
import type { RequestHead } from '../../../gateway/checks/request-head.ts'
import { checkRoute } from '../../../gateway/checks/route.ts'
import { checksSchema } from '../../../gateway/config/checks-schema.ts'
import type { RoutePolicy } from '../../../gateway/policy.ts'
import { headOf } from '../../support/head.ts'

const checks = checksSchema.parse(undefined)

function route(name: string, host: string | undefined, path: string): RoutePolicy {
  const nobody = AddressRanges.compile([])
  return {
    kind: 'inngest',
    name,
    checks,
    host,
    path,
    upstream: { origin: 'http://127.0.0.1:1', socketPath: undefined, tls: {} },
    signingKeys: [],
    otherKeys: [],
    serveOrigin: undefined,
    introspection: true,
    syncAuthorities: new Set<string>(),
    isServerLegacy: false,
    unsigned: { GET: nobody, PUT: nobody },
  }
}

function open(name: string, host: string | undefined, path: string): RoutePolicy {
  const { upstream, serveOrigin } = route(name, host, path)
  const base = { name, checks, host, path, upstream, serveOrigin }
  return { kind: 'passthrough', ...base, allowlist: undefined }
}

const routes = [
  route('any', undefined, '/api/inngest'),
  route('shop', 'shop.example.com', '/api/inngest'),
  route('other', 'other.example.com:8443', '/x'),
]

function find(host: string, target: string, method = 'POST', more: string[] = []) {
  const rawHeaders = ['Host', host, ...more]
  return decide(headOf({ method, target, rawHeaders }), routes)
}

function decide(head: RequestHead, among: readonly RoutePolicy[]): string {
  const verdict = checkRoute(head, among)
  if (!verdict.ok) return verdict.reason
  const { route } = verdict.value
  const use = route.kind === 'inngest' ? checkInngestUse(head, route) : verdict
  return use.ok ? route.name : use.reason
}

describe('checkRoute', () => {
  it.each([
    ['dots', `/${'.'.repeat(16_000)}x`],
    ['segments', '/x'.repeat(8000)],
    ['encoded dots', `/${'%2e'.repeat(5000)}x`],
    ['marks', `/a${'%CD%84'.repeat(6000)}${'%CC%B4'.repeat(7500)}`],
  ])('takes no longer over %s than there are of them', (_, path) => {
    const before = process.threadCpuUsage().user
    decide(headOf({ target: path, rawHeaders: ['Host', 'a'] }), [
      ...routes,
      open('all', undefined, '/'),
    ])
    // Microseconds: hundreds are usual, and hundreds of thousands are the square.
    expect(process.threadCpuUsage().user - before).toBeLessThan(100_000)
  })

  it.each([
    ['shop.example.com', '/api/inngest', 'shop'],
    ['SHOP.example.COM', '/api/inngest?a=/../b', 'shop'],
    ['elsewhere', '/api/inngest', 'any'],
    ['other.example.com:8443', '/x', 'other'],
    ['other.example.com', '/x', 'route_not_found'],
    ['elsewhere', '/x', 'route_not_found'],
  ])('finds for %s%s the route %s', (host, target, expected) => {
    expect(find(host, target)).toBe(expected)
  })

  it.each([
    '/api/inngest/',
    '/API/inngest',
    '/api/%69nngest',
    '/api/./inngest',
    '/api/../api/inngest',
    '/api;a/inngest',
    '/api/inngest%00',
    '/x/../api/inngest',
  ])('has no route for %s', (target) => {
    expect(find('elsewhere', target)).toBe('route_not_found')
  })

  it.each([
    '//api/inngest',
    'http://evil/api/inngest',
    '*',
    '',
    '/api/inngest#a',
    '/api/inngest?\u00e9',
    '/api/ inngest',
  ])('refuses the target %j', (target) => {
    expect(find('elsewhere', target)).toBe('request_malformed')
  })

  it.each(['PATCH', 'OPTIONS', 'DELETE', 'HEAD', 'TRACE', 'post'])('refuses %s', (method) => {
    expect(find('elsewhere', '/api/inngest', method)).toBe('method_not_allowed')
  })

  it('refuses a doubled Host, and a GET that announces a body', () => {
    expect(find('a', '/api/inngest', 'POST', ['host', 'b'])).toBe('request_malformed')
    expect(find('a', '/api/inngest', 'GET', ['Content-Length', '0'])).toBe('any')
    expect(find('a', '/api/inngest', 'GET', ['Content-Length', '1'])).toBe('body_not_allowed')
    expect(find('a', '/api/inngest', 'GET', ['Transfer-Encoding', 'chunked'])).toBe(
      'body_not_allowed',
    )
  })
})

describe('checkRoute with passthrough routes', () => {
  const both = [...routes, open('app', undefined, '/'), open('admin', 'shop.example.com', '/admin')]
  const findBoth = (host: string, target: string) =>
    decide(headOf({ target, rawHeaders: ['Host', host] }), both)

  it.each([
    ['shop.example.com', '/api/inngest', 'shop'],
    ['shop.example.com', '/admin', 'admin'],
    ['shop.example.com', '/admin/x?y', 'admin'],
    ['shop.example.com', '/administrator', 'app'],
    ['elsewhere', '/', 'app'],
    ['elsewhere', '/api/inngestor', 'app'],
    ['elsewhere', '/api', 'app'],
    // Another route's path, under a Host that its route does not take.
    ['elsewhere', '/x', 'path_ambiguous'],
  ])('finds for %s%s %s', (host, target, expected) => {
    expect(findBoth(host, target)).toBe(expected)
  })
})

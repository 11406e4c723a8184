import { describe, expect, it } from 'vitest'

import { AddressRanges, parseRange } from '../../../../gateway/ip/address-ranges.ts'
import { checkInngestUse } from '../../../../gateway/admit/checks/inngest-use.ts'
import type { RequestHead } from '../../../../gateway/admit/request-head.ts'
import { checkRoute } from '../../../../gateway/admit/checks/route.ts'
import { checksSchema } from '../../../../gateway/config/schema/checks.ts'
import type { PassthroughRoutePolicy, RoutePolicy } from '../../../../gateway/admit/policy.ts'
import { headOf } from '../../../support/head.ts'

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
    resign: undefined,
    serveOrigin: undefined,
    apps: undefined,
    pairScope: 'app',
    introspection: true,
    syncAuthorities: new Set<string>(),
    isServerLegacy: false,
    encryption: undefined,
    unsigned: { GET: nobody, PUT: nobody },
    limits: undefined,
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
    ['wide escapes', `/x${'%u0061'.repeat(2600)}`],
    ['encoded percent signs', `/x${'%25'.repeat(5000)}u0061`],
    ['marks', `/a${'%CD%84'.repeat(6000)}${'%CC%B4'.repeat(7500)}`],
    ['letters that become marks', `/a${`${'%CD%84'.repeat(31)}%EF%BE%9E`.repeat(300)}`],
    ['groups of marks', `/${`a${'%CC%B4'.repeat(31)}`.repeat(120)}`],
    ['invisible characters', `/x${'%E2%80%8B'.repeat(5000)}y`],
    ['long sequences', `/x${'%FC%80%80%80%81%A1'.repeat(2600)}`],
    ['broken sequences', `/x${'%FC%80%80%80%80'.repeat(3000)}`],
    ['ligatures of many letters', `/x${'%EF%B7%BA'.repeat(5000)}`],
    ['capital sigmas', `/x${"%CE%A3'.".repeat(5000)}`],
    ['slashes', `${'/'.repeat(48_000)}x`],
    ['user information', `//${'@'.repeat(48_000)}x`],
    ['hosts', '//one'.repeat(9000)],
  ])('takes no longer over %s than there are of them', (_, path) => {
    const among = [
      ...routes,
      open('all', undefined, '/'),
      { ...open('int', 'one', '/'), allowlist: AddressRanges.compile([]) } as RoutePolicy,
    ]
    // The best of five: the first is slow while the code is cold.
    const times = [1, 2, 3, 4, 5].map(() => {
      const before = process.threadCpuUsage().user
      // Verdicts on short texts are remembered, and this one is too long for that.
      decide(headOf({ target: path, rawHeaders: ['Host', 'a'] }), among)
      return process.threadCpuUsage().user - before
    })
    // Microseconds: hundreds are usual, and hundreds of thousands are the square.
    expect(Math.min(...times)).toBeLessThan(100_000)
  })

  it.each([
    ['shop.example.com', '/api/inngest', 'shop'],
    ['SHOP.example.COM', '/api/inngest?a=/../b', 'shop'],
    ['elsewhere', '/api/inngest', 'any'],
    ['other.example.com:8443', '/x', 'other'],
    ['other.example.com', '/x', 'route_not_found'],
    ['elsewhere', '/x', 'route_not_found'],
    ['shop.example.com.', '/api/inngest', 'shop'],
    ['shop.example.com:443', '/api/inngest', 'shop'],
    ['shop.example.com:80', '/api/inngest', 'shop'],
    ['SHOP.example.com.:443', '/api/inngest', 'shop'],
    ['other.example.com.:8443', '/x', 'other'],
    ['other.example.com:443', '/x', 'route_not_found'],
  ])('finds for %s%s the route %s', (host, target, expected) => {
    expect(find(host, target)).toBe(expected)
  })

  it.each([
    '//api/inngest',
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
    ['elsewhere', '/api/inngestor', 'path_ambiguous'],
    ['elsewhere', '/api/other', 'app'],
    ['elsewhere', '/api', 'app'],
    // Another route's path, under a Host that its route does not take.
    ['elsewhere', '/x', 'path_ambiguous'],
  ])('finds for %s%s %s', (host, target, expected) => {
    expect(findBoth(host, target)).toBe(expected)
  })
})

describe('checkRoute with a host that an app may read as another', () => {
  const one = route('one', 'one.example.com', '/api/inngest')
  const find = (host: string, among: readonly RoutePolicy[]) =>
    decide(headOf({ target: '/api/inngest', rawHeaders: ['Host', host] }), among)
  const anyHost = route('any', undefined, '/api/inngest')
  const elsewhere = { origin: 'http://127.0.0.1:2', socketPath: undefined, tls: {} }

  it.each(['one.example.com:8080', 'one.example.com..'])(
    'refuses %s on an Inngest route of any host to the same app',
    (host) => {
      expect(find(host, [one, anyHost])).toBe('host_ambiguous')
      expect(find('two.example.com:8080', [one, anyHost])).toBe('any')
    },
  )

  it('takes it for another host if that is another app', () => {
    const other = { ...one, upstream: elsewhere }
    expect(find('one.example.com:8080', [other, anyHost])).toBe('any')
  })

  it('takes no longer over dots than there are of them', () => {
    const before = process.threadCpuUsage().user
    find(`one${'.'.repeat(16_000)}x`, [one, anyHost])
    expect(process.threadCpuUsage().user - before).toBeLessThan(100_000)
  })
})

describe('checkRoute with restricted routes', () => {
  const ranges = (...texts: string[]) =>
    AddressRanges.compile(
      texts.flatMap((text) => {
        const reading = parseRange(text)
        return reading.ok ? [reading.range] : []
      }),
    )
  const restricted = (
    name: string,
    host: string | undefined,
    path: string,
    texts: readonly string[],
    mode: 'enforce' | 'report' | 'off' = 'enforce',
  ): RoutePolicy => {
    const allowlist = ranges(...texts)
    const base = open(name, host, path) as PassthroughRoutePolicy
    return { ...base, allowlist, checks: { ...checks, allowlist: mode } }
  }
  const find = (target: string, among: readonly RoutePolicy[], host = 'a') =>
    decide(headOf({ target, rawHeaders: ['Host', host] }), among)
  const wide = ['10.0.0.0/8']
  const narrow = ['10.1.0.0/16']

  it.each([
    ['a wider allowlist', restricted('app', undefined, '/', wide), 'path_ambiguous'],
    ['a disjoint allowlist', restricted('app', undefined, '/', ['192.0.2.0/24']), 'path_ambiguous'],
    ['the same allowlist', restricted('app', undefined, '/', narrow), 'app'],
    ['a narrower allowlist', restricted('app', undefined, '/', ['10.1.2.0/24']), 'app'],
    [
      'the same, only reported',
      restricted('app', undefined, '/', narrow, 'report'),
      'path_ambiguous',
    ],
    ['none', open('app', undefined, '/'), 'path_ambiguous'],
  ])('refuses another spelling on a route with %s as %3$s', (_, app, expected) => {
    expect(find('/Admin', [app, restricted('admin', undefined, '/admin', narrow)])).toBe(expected)
  })

  it('lets a route beside it pass that only reports, or is off', () => {
    for (const mode of ['report', 'off'] as const) {
      const admin = restricted('admin', undefined, '/admin', narrow, mode)
      expect(find('/Admin', [open('app', undefined, '/'), admin])).toBe('app')
    }
  })

  it.each([
    ['/public', 'public'],
    ['/public/a%20b', 'public'],
    ['/public//x', 'public'],
    ['/public/caf%C3%A9', 'public'],
    ['/public/../admin', 'path_ambiguous'],
    ['/public/%2e%2e/admin', 'path_ambiguous'],
    ['/public/..;/admin', 'path_ambiguous'],
    ['/public/.../x', 'path_ambiguous'],
    ['/public\\..\\admin', 'all'],
  ])('keeps %s in an open part of a restricted whole, as %s', (target, expected) => {
    const all = restricted('all', undefined, '/', narrow)
    expect(find(target, [all, open('public', undefined, '/public')])).toBe(expected)
  })

  it.each([
    ['/public/a', 'public'],
    ['/public/a..b/..c/%2e', 'public'],
    ['/public/a?next=/../admin', 'public'],
    ['/public/../admin', 'path_ambiguous'],
    ['/public/..', 'path_ambiguous'],
    ['/public/%2e%2e%2fadmin', 'path_ambiguous'],
    ['/public/..;/admin', 'path_ambiguous'],
    ['/public\\..\\admin', 'route_not_found'],
  ])('lets %s not leave the only open path, as %s', (target, expected) => {
    expect(find(target, [open('public', undefined, '/public')])).toBe(expected)
    expect(find(target, [open('public', undefined, '/public/')])).toBe(expected)
  })

  it('lets a path climb within all of an app', () => {
    expect(find('/a/../b', [open('app', undefined, '/')])).toBe('app')
  })

  it('leaves a path of another host to another app alone', () => {
    const upstream = { origin: 'http://127.0.0.1:2', socketPath: undefined, tls: {} }
    const admin = restricted('admin', 'internal.example.com', '/admin', narrow)
    const app = open('app', undefined, '/')
    expect(find('/admin', [app, { ...admin, upstream }])).toBe('app')
    expect(find('/admin', [app, admin])).toBe('path_ambiguous')
    expect(find('/Admin', [app, { ...admin, upstream }], 'internal.example.com:1')).toBe(
      'path_ambiguous',
    )
  })
})

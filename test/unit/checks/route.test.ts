import { describe, expect, it } from 'vitest'

import { checkRoute } from '../../../gateway/checks/route.ts'
import type { RoutePolicy } from '../../../gateway/policy.ts'

function route(name: string, host: string | undefined, path: string): RoutePolicy {
  const upstream = { origin: 'http://127.0.0.1:1', socketPath: undefined }
  return { name, host, path, upstream, signingKeys: [], serveOrigin: undefined }
}

const routes = [
  route('any', undefined, '/api/inngest'),
  route('shop', 'shop.example.com', '/api/inngest'),
  route('other', 'other.example.com:8443', '/x'),
]

function find(host: string, target: string, method = 'POST', more: string[] = []) {
  const rawHeaders = ['Host', host, ...more]
  const verdict = checkRoute({ method, target, rawHeaders, remoteAddress: undefined }, routes)
  return verdict.ok ? verdict.value.route.name : verdict.reason
}

describe('checkRoute', () => {
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

/**
 * Reaching a passthrough route with an `allowlist` through an open route to the same app: another
 * spelling of its path, or of its host, matches the open route, and the app reads it as the restricted one.
 */
import { describe, expect, it } from 'vitest'

import { startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const STRANGERS = ['203.0.113.0/24']

const startAdmin = (more: object = {}, open: object = {}) =>
  startTarget((upstream) => ({
    routes: [
      { name: 'app', policy: 'passthrough', upstream, ...open },
      {
        name: 'admin',
        policy: 'passthrough',
        path: '/admin',
        upstream,
        allowlist: STRANGERS,
        ...more,
      },
    ],
  }))

const get = (path: string, host = 'app.example.com') =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

const spellings = [
  '/Admin',
  '/%61dmin',
  '/%u0061dmin',
  '/adm%C4%B0n',
  '/./admin',
  '/x/../admin',
  '/admin;x',
  '/admin%2fx',
  '//admin',
  '/admin.json',
  '/adminx',
  '/admin-1',
  '/%61dminx',
  '/x/../adminx',
  // Letters to which a normalization or a comparison adds something, or takes it away.
  '/admin%CC%87',
  '/admin%CC%81',
  '/admin%CC%A3',
  '/admin%CC%81/users',
  '/./admin%CC%81',
  '/adm%C3%ADn',
  '/adm%E2%80%8Bin',
  '/admin%EF%B8%8F',
  '/%E0%81%A1dmin',
]

describe('beside a route with an allowlist', () => {
  it.each(spellings)('refuses on an open route %s', async (path) => {
    const target = await startAdmin()
    expect(statusOf(await target.raw(get(path)))).toBe(404)
    expect(target.reasons()).toEqual(['path_ambiguous'])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each(['/', '/user', '/ad', '/x/admin', '/caf%C3%A9/administrator', '/a%20b/adminx', '/a//b'])(
    'forwards on an open route %s',
    async (path) => {
      const target = await startAdmin()
      expect(statusOf(await target.raw(get(path)))).toBe(200)
      expect(target.upstream.seen[0]?.line).toBe(`GET ${path} HTTP/1.1`)
    },
  )

  it.each([
    ['a loopback address', 'localhost'],
    ['another loopback address', '127.0.0.2'],
    ['the unspecified address', '0.0.0.0'],
    ['an IPv4-mapped address', '[::ffff:127.0.0.1]'],
  ])('refuses, on an open route to the same app by %s, its path', async (_, name) => {
    const target = await startTarget((upstream) => ({
      routes: [
        { name: 'app', policy: 'passthrough', upstream: upstream.replace('127.0.0.1', name) },
        {
          name: 'admin',
          policy: 'passthrough',
          host: 'internal.example.com',
          path: '/admin',
          upstream,
          allowlist: STRANGERS,
        },
      ],
    }))
    expect(statusOf(await target.raw(get('/admin')))).toBe(404)
    expect(target.reasons()).toEqual(['path_ambiguous'])
  })

  it('refuses the restricted path itself by the allowlist', async () => {
    const target = await startAdmin()
    expect(statusOf(await target.raw(get('/admin')))).toBe(403)
    expect(target.reasons()).toEqual(['client_not_allowed'])
  })

  it.each(['app.example.com', 'other.example.com', '127.0.0.1'])(
    'refuses a restricted path of one host as Host: %s, since the app may not look at it',
    async (host) => {
      const target = await startAdmin({ host: 'internal.example.com' })
      expect(statusOf(await target.raw(get('/admin', host)))).toBe(404)
      expect(target.reasons()).toEqual(['path_ambiguous'])
    },
  )

  it('reports an ambiguous path where the allowlist is only reported', async () => {
    const target = await startAdmin({ checks: { allowlist: 'report' } })
    expect(statusOf(await target.raw(get('/Admin')))).toBe(200)
    expect(target.gateway.logLines.at(-1)).toMatchObject({
      decision: 'admitted',
      report_only: ['path_ambiguous'],
    })
  })
})

describe('beside a host with an allowlist', () => {
  const startHost = (open: object = {}) =>
    startAdmin({ path: '/', host: 'admin.example.com' }, open)

  it.each([
    'admin.example.com',
    'ADMIN.example.com',
    'admin.example.com.',
    'admin.example.com:80',
    'admin.example.com:443',
  ])('treats Host: %s as that host', async (host) => {
    const target = await startHost()
    expect(statusOf(await target.raw(get('/', host)))).toBe(403)
    expect(target.reasons()).toEqual(['client_not_allowed'])
  })

  it.each(['admin.example.com:8080', 'admin.example.com..', 'admin.example.com.:8080'])(
    'refuses on an open route of any host Host: %s',
    async (host) => {
      const target = await startHost()
      expect(statusOf(await target.raw(get('/', host)))).toBe(404)
      expect(target.reasons()).toEqual(['host_ambiguous'])
      expect(target.upstream.bytes()).toBe('')
    },
  )

  const inTarget = [
    '//admin.example.com/x',
    '//admin.example.com',
    '//ADMIN.example.com.:8080/x',
    '///admin.example.com/x',
    '/\\admin.example.com/x',
    '//user@admin.example.com/x',
    '//admin%2eexample.com/x',
    '//admin.example%E3%80%82com/x',
    '/%2fadmin.example.com/x',
    '/x/..//admin.example.com/x',
  ]

  it.each(inTarget)('refuses on an open route the target %s, whatever Host is', async (path) => {
    const target = await startHost()
    expect(statusOf(await target.raw(get(path, 'foo')))).toBe(404)
    expect(target.reasons()).toEqual(['host_ambiguous'])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each([
    ['a host of its own', { host: 'www.example.com' }],
    ['a Host that is replaced', { serveOrigin: 'https://www.example.com' }],
  ])('refuses it on a route with %s too, since the target does not change', async (_, open) => {
    const target = await startHost(open)
    const answer = await target.raw(get('//admin.example.com/x', 'www.example.com'))
    expect(statusOf(answer)).toBe(404)
    expect(target.reasons()).toEqual(['host_ambiguous'])
  })

  it.each(['[::1]', '127.0.0.1'])(
    'counts an address in the target in any spelling: %s',
    async (host) => {
      const target = await startAdmin({ path: '/', host })
      const spelling = host === '[::1]' ? '[0:0::1]' : '0x7f.1'
      expect(statusOf(await target.raw(get(`//${spelling}/x`, 'foo')))).toBe(404)
      expect(target.reasons()).toEqual(['host_ambiguous'])
    },
  )

  it.each(['//www.example.com/x', '//assets/x.js', '/admin.example.com', '/a//admin.example.com'])(
    'forwards on an open route the target %s',
    async (path) => {
      const target = await startHost()
      expect(statusOf(await target.raw(get(path, 'foo')))).toBe(200)
      expect(target.upstream.seen[0]?.line).toBe(`GET ${path} HTTP/1.1`)
    },
  )

  it.each([
    ['another host', 'www.example.com', {}],
    ['a longer name', 'xadmin.example.com', {}],
    [
      'a host that its route names with the port',
      'admin.example.com:8080',
      { host: 'admin.example.com:8080' },
    ],
    [
      'a Host that is replaced',
      'admin.example.com:8080',
      { serveOrigin: 'https://www.example.com' },
    ],
  ])('forwards on an open route %s', async (_, host, open) => {
    const target = await startHost(open)
    expect(statusOf(await target.raw(get('/', host)))).toBe(200)
  })
})

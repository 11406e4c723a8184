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
]

describe('beside a route with an allowlist', () => {
  it.each(spellings)('an open route refuses %s', async (path) => {
    const target = await startAdmin()
    expect(statusOf(await target.raw(get(path)))).toBe(404)
    expect(target.reasons()).toEqual(['path_ambiguous'])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each(['/', '/user', '/ad', '/x/admin', '/caf%C3%A9/administrator', '/a%20b/adminx', '/a//b'])(
    'an open route forwards %s',
    async (path) => {
      const target = await startAdmin()
      expect(statusOf(await target.raw(get(path)))).toBe(200)
      expect(target.upstream.seen[0]?.line).toBe(`GET ${path} HTTP/1.1`)
    },
  )

  it('the restricted path itself is refused by the allowlist', async () => {
    const target = await startAdmin()
    expect(statusOf(await target.raw(get('/admin')))).toBe(403)
    expect(target.reasons()).toEqual(['client_not_allowed'])
  })

  it.each(['app.example.com', 'other.example.com', '127.0.0.1'])(
    'a restricted path of one host is refused as Host: %s, since the app may not look at it',
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
      reported: ['path_ambiguous'],
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
  ])('Host: %s is that host', async (host) => {
    const target = await startHost()
    expect(statusOf(await target.raw(get('/', host)))).toBe(403)
    expect(target.reasons()).toEqual(['client_not_allowed'])
  })

  it.each(['admin.example.com:8080', 'admin.example.com..', 'admin.example.com.:8080'])(
    'an open route of any host refuses Host: %s',
    async (host) => {
      const target = await startHost()
      expect(statusOf(await target.raw(get('/', host)))).toBe(404)
      expect(target.reasons()).toEqual(['host_ambiguous'])
      expect(target.upstream.bytes()).toBe('')
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
  ])('an open route forwards %s', async (_, host, open) => {
    const target = await startHost(open)
    expect(statusOf(await target.raw(get('/', host)))).toBe(200)
  })
})

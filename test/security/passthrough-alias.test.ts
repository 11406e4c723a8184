/**
 * Reaching the Inngest handler around its route (threat D6's class; Envoy CVE-2021-32779, Traefik
 * CVE-2025-32431 and CVE-2025-66490): where the whole app is behind a passthrough route, that route could
 * match a spelling which the app's framework reads as the Inngest path. No such spelling is forwarded.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const startBoth = (path = '/api/inngest', listed: readonly string[] = []) =>
  startTarget((upstream) => ({
    routes: [
      {
        name: 'inngest',
        host: 'app.example.com',
        path,
        upstream,
        signingKeys: [{ env: 'PRIMARY' }],
      },
      { name: 'app', policy: 'passthrough', upstream },
      ...listed.map((each, i) => ({
        name: `listed-${String(i)}`,
        policy: 'passthrough',
        path: each,
        upstream,
      })),
    ],
  }))

const aliases = [
  '/api/inngest/',
  '/api//inngest',
  '/api///inngest//',
  '/API/inngest',
  '/api/Inngest',
  '/api/%69nngest',
  '/api/%2569nngest',
  '/api/%252569nngest',
  '/api%2finngest',
  '/api%2Finngest',
  '/api%5cinngest',
  '/api\\inngest',
  '/api%c0%afinngest',
  '/x/../api/inngest',
  '/x/%2e%2e/api/inngest',
  '/x/.%2e/api/inngest',
  '/x/..;/api/inngest',
  '/x/..;a=b/api/inngest',
  '/./api/./inngest',
  '/api;a=b/inngest',
  '/api/inngest;jsessionid=1',
  '/api/inngest%3fx',
  '/api/inngest%23x',
  '/api/inngest%00',
  '/api/inngest%00.css',
  '/api/inngest%20',
  '/api/inngest%0a',
  '/api/inngest.json',
  '/api/inngest.',
  '/api/inngest/x',
  '/api/%ef%bd%89nngest',
  '/api/%E2%84%90nngest',
  '/%25252525252525252561pi/inngest',
  // For frameworks that match by prefix.
  '/api/inngest/../../x',
  '/api/inngest/%2e%2e/%2e%2e/x',
  '/api/inngest/..%2f..%2fx',
  '/api/inngest/..;/..;/x',
  // For frameworks that normalize and do not decode.
  '/x%3f/../api/inngest',
  '/x%23/../api/inngest',
  '/a%2fb/../api/inngest',
  '/a%2fb/%2e%2e/api/inngest',
  '/a%252fb/../api/inngest',
  '/\\x/api/inngest',
  '/%5cx/api/inngest',
  '/%2fx/api/inngest',
  // For frameworks that drop bytes or characters.
  '/api/inngest%00x',
  '/api/inn%ffgest',
  '/api/%c1%a9nngest',
  '/api/%c4%b1nngest',
  '/api./inngest',
  // To one that decodes as `unescape` does, or folds the Turkish capital.
  '/%u0061pi/inngest',
  '/api/%u0069nngest',
  '/api/%25u0069nngest',
  '/%u0061pi%u002finngest',
  '/api/%C4%B0nngest',
  '/api/%u0130nngest',
  '/api/i%CC%87nngest',
  // To one that merges slashes, or resolves a path as a URL without a scheme.
  '//api/inngest',
  '///api/inngest',
  '/api//inngest/x',
  '//x/api/inngest',
  // To one that mounts a handler by the text that a path begins with.
  '/api/inngestor',
  '/api/inngest-docs',
  '/api/inngest:',
  '/API/INNGEST1/x',
  '/api/../inngest/../api/inngestor',
  '/api/%69nngestor',
  // The same to one that normalizes after it compared, or compares base letters only.
  '/api/inngest%CC%87',
  '/api/inngest%CC%81/x',
  '/api/inngest%E2%80%8D',
  '/api/%C3%ADnngest',
  '/api/inn%C2%ADgest',
  '/api/%E0%81%A9nngest',
]

describe('another spelling of an Inngest path', () => {
  it.each(aliases)('%s is not handed over', async (alias) => {
    const target = await startBoth()
    const bytes = callBytes('', ['Content-Length: 0', 'Connection: close'], `PUT ${alias} HTTP/1.1`)
    expect(statusOf(await target.raw(bytes))).toBe(404)
    expect(target.reasons()).toEqual(['path_ambiguous'])
    expect(target.upstream.bytes()).toBe('')
  })

  it.each([
    ['/api/inngest.', '/API/INNGEST.'],
    ['/api/inngest.', '/api//inngest.'],
    ['/api/inngest.', '/api/inngest..'],
    ['/v1./fn', '/v1./FN'],
    ['/v1./fn', '/v1.../x/../fn'],
  ])('is not forwarded either, of %s: %s', async (path, alias) => {
    const target = await startBoth(path)
    const bytes = callBytes('', ['Content-Length: 0', 'Connection: close'], `PUT ${alias} HTTP/1.1`)
    expect(statusOf(await target.raw(bytes))).toBe(404)
    expect(target.upstream.bytes()).toBe('')
  })

  it.each(['evil.example.com', 'app.example.com:8080', '127.0.0.1'])(
    'is not needed under Host: %s either',
    async (host) => {
      const target = await startBoth()
      const line = 'PUT /api/inngest HTTP/1.1'
      const bytes = callBytes('', ['Content-Length: 0', 'Connection: close'], line)
      const answer = await target.raw(bytes.replace('Host: app.example.com', `Host: ${host}`))
      expect(statusOf(answer)).toBe(404)
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it.each([
    '/',
    '/api',
    '/inngest',
    '/inngestor',
    '/api/other/inngest',
    '/inngest/../api',
    '/api/../other',
    '/caf%C3%A9/api/x',
    '/caf%C3%A9/api/x/inngestor',
    '//assets/x.js',
    '//assets//api/x.js',
  ])('%s is none, and is handed over', async (path) => {
    const target = await startBoth()
    const bytes = callBytes('', ['Connection: close'], `GET ${path} HTTP/1.1`)
    expect(statusOf(await target.raw(bytes))).toBe(200)
    expect(target.upstream.seen[0]?.line).toBe(`GET ${path} HTTP/1.1`)
  })

  it.each(['/x/..', '/x/%2e%2e', '/x/.%E2%80%8B.', '//'])(
    'is not forwarded, of the root: %s',
    async (alias) => {
      const target = await startBoth('/')
      const bytes = callBytes(
        '',
        ['Content-Length: 0', 'Connection: close'],
        `PUT ${alias} HTTP/1.1`,
      )
      expect(statusOf(await target.raw(bytes))).toBe(404)
      expect(target.upstream.bytes()).toBe('')
    },
  )

  it('is handed over where it only begins like it and the operator lists it', async () => {
    const target = await startBoth('/api/inngest', ['/api/inngest-docs'])
    const of = (path: string) => callBytes('', ['Connection: close'], `GET ${path} HTTP/1.1`)
    for (const path of ['/api/inngest-docs', '/api/inngest-docs/a%20b//c']) {
      expect(statusOf(await target.raw(of(path)))).toBe(200)
    }
    const refused = ['/api/inngest-docs2', '/api/inngest-docs/../inngest', '/api/inngestor']
    for (const path of refused) expect(statusOf(await target.raw(of(path)))).toBe(404)
    expect(target.upstream.seen).toHaveLength(2)
  })

  it.each([
    '/a/../b',
    '/a/./b',
    '/a%2f..%2fb',
    '/a//b',
    '/a;b',
    "/a'b|c",
    '/a?b=../../c',
    '/a?b?c',
    '/a?',
    '/?',
    '/a??',
    '//a?',
    '//a//b?c=//d',
  ])('%s goes on byte for byte', async (path) => {
    const target = await startBoth()
    const bytes = callBytes('', ['Connection: close'], `GET ${path} HTTP/1.1`)
    expect(statusOf(await target.raw(bytes))).toBe(200)
    expect(target.upstream.seen[0]?.line).toBe(`GET ${path} HTTP/1.1`)
  })
})

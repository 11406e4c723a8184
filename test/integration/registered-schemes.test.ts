/** The warning about an app that is registered under another scheme than that of `serveOrigin`. */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { blocksOf } from '../support/documents.ts'
import { statusOf } from '../support/raw.ts'

const serveOrigin = 'https://app.example.com'
const path = '/api/inngest'
const registered = `http://app.example.com${path}`

function configure(url: string, more: object = {}, name = 'app') {
  const route = { name, upstream: url, signingKeys: [{ env: 'PRIMARY' }] }
  return { routes: [{ ...route, serveOrigin, ...more }] }
}

let serial = 0

async function sync(target: Target, url: string): Promise<number> {
  serial += 1
  // Another query makes another signature.
  const body = JSON.stringify({ url: `${url}?deployId=${String(serial)}` })
  const fields = [
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Inngest-Signature: ${target.sign(body)}`,
    'Connection: close',
  ]
  return statusOf(await target.raw(callBytes(body, fields, `PUT ${path} HTTP/1.1`)))
}

const warnings = ({ gateway }: Target) => gateway.logLines.filter(({ level }) => level === 40)

describe('a signed sync with another scheme than serveOrigin', () => {
  it('is admitted, and warned of once for the route', async () => {
    const target = await startTarget((url) => configure(url))
    for (let i = 0; i < 3; i += 1) expect(await sync(target, registered)).toBe(200)
    expect(warnings(target)).toEqual([
      {
        level: 40,
        time: expect.any(Number) as number,
        route: 'app',
        registered: 'http://app.example.com',
        serve_origin: serveOrigin,
        remedy: `set INNGEST_SERVE_ORIGIN=${serveOrigin} in the environment of the app and sync it again (docs/how-to/sync.md)`,
        msg: 'app registered with a different scheme than serveOrigin',
      },
    ])
  })

  it('writes what docs/how-to/sync.md shows', async () => {
    const target = await startTarget((url) => configure(url))
    expect(await sync(target, registered)).toBe(200)
    const [{ level, time, ...fields } = {}] = warnings(target)
    expect([level, time]).toEqual([40, expect.any(Number)])
    const [block] = blocksOf('json').filter(({ page }) => page === 'docs/how-to/sync.md')
    expect(fields).toEqual(JSON.parse(block?.text ?? ''))
  })

  it.each([
    [
      'https for http',
      'http://app.example.com',
      `https://app.example.com${path}`,
      'https://app.example.com',
    ],
    ['in capitals', serveOrigin, `HTTP://APP.example.com${path}`, 'http://app.example.com'],
    [
      'with the default port',
      serveOrigin,
      `http://app.example.com:80${path}`,
      'http://app.example.com',
    ],
    [
      'with the port of serveOrigin',
      'https://app.example.com:8443',
      `http://app.example.com:8443${path}`,
      'http://app.example.com:8443',
    ],
  ])('is warned of: %s', async (_, origin, url, shown) => {
    const target = await startTarget((upstream) => configure(upstream, { serveOrigin: origin }))
    await sync(target, url)
    expect(warnings(target)).toMatchObject([{ registered: shown, serve_origin: origin }])
  })

  it.each([
    ['the same scheme', {}, `https://app.example.com${path}`],
    ['the same scheme in capitals', {}, `HTTPS://app.example.com${path}`],
    ['no serveOrigin', { serveOrigin: undefined }, registered],
    [
      'an authority that the operator listed',
      { syncAuthorities: ['app:3000'] },
      `http://app:3000${path}`,
    ],
    ['a foreign authority, which is reported', {}, `http://b.example.com${path}`],
    ['no URL', {}, 'app.example.com'],
  ])('is not warned of: %s', async (_, more, url) => {
    const target = await startTarget((upstream) => configure(upstream, more))
    await sync(target, url)
    expect(warnings(target)).toEqual([])
  })

  it('is not warned of if the signature is forged', async () => {
    const target = await startTarget((url) => configure(url))
    const forged = { ...target, sign: () => target.sign('{}') }
    expect(await sync(forged, registered)).toBe(401)
    expect(warnings(target)).toEqual([])
  })

  it('is warned of again after a reload only if the route changed', async () => {
    const target = await startTarget((url) => configure(url))
    const { gateway, upstream } = target
    const syncs = async (config: object) => {
      gateway.rewrite({ ...config })
      gateway.reload()
      await sync(target, registered)
      return warnings(target).length
    }
    expect(await syncs(configure(upstream.url))).toBe(1)
    expect(await syncs(configure(upstream.url))).toBe(1)
    expect(await syncs(configure(upstream.url, { introspection: false }))).toBe(2)
    expect(await syncs(configure(upstream.url, { introspection: false }))).toBe(2)
  })

  it('is warned of for each route', async () => {
    const target = await startTarget((url) => {
      const other = { host: 'b.example.com', serveOrigin: 'https://b.example.com' }
      return { routes: [...configure(url).routes, ...configure(url, other, 'b').routes] }
    })
    await sync(target, registered)
    const body = JSON.stringify({ url: `http://b.example.com${path}` })
    await target.raw(
      [
        `PUT ${path} HTTP/1.1`,
        'Host: b.example.com',
        `Content-Length: ${String(body.length)}`,
        `X-Inngest-Signature: ${target.sign(body)}`,
        `Connection: close\r\n\r\n${body}`,
      ].join('\r\n'),
    )
    expect(warnings(target).map(({ route }) => route)).toEqual(['app', 'b'])
  })
})

/** What an app learns of the scheme and prefix that a client used, from whom the gateway trusts. */
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const CLIENT = '127.0.0.9'

const startTrusting = (trustedProxies: readonly string[], policy: string) =>
  startTarget((upstream) => ({
    trustedProxies,
    routes: [
      policy === 'inngest'
        ? { name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }] }
        : { name: 'app', policy, upstream },
    ],
  }))

async function seenOf(fields: readonly string[], policy = 'inngest', trusted = ['127.0.0.1/32']) {
  const target = await startTrusting(trusted, policy)
  expect(statusOf(await target.raw(signedCall(target, fields)))).toBe(200)
  return target.upstream.seen[0]?.fields ?? {}
}

const from = `X-Forwarded-For: ${CLIENT}`

describe.each(['inngest', 'passthrough'])('to a route of policy %s', (policy) => {
  it.each([
    ['https, https', ['X-Forwarded-Proto: https, https']],
    ['two lines', ['X-Forwarded-Proto: https', 'X-Forwarded-Proto: https']],
    ['HTTPS', ['X-Forwarded-Proto: HTTPS']],
    ['wss', ['X-Forwarded-Proto: wss']],
    ['X-Forwarded-Ssl: on', ['X-Forwarded-Ssl: on']],
  ])('%s of a trusted proxy is https', async (_, fields) => {
    const seen = await seenOf([from, ...fields], policy)
    expect(seen['x-forwarded-proto']).toEqual(['https'])
    expect(seen['forwarded']).toEqual([`for=${CLIENT};host="app.example.com";proto=https`])
    expect(seen['x-forwarded-ssl']).toBeUndefined()
  })

  it.each([
    ['the edge that ended TLS', `${CLIENT}, 127.0.0.1`, 'https, http', 'https'],
    [
      'the edge, whatever a client put before',
      `${CLIENT}, 127.0.0.1`,
      'http, https, http',
      'https',
    ],
    ['the edge without TLS', `${CLIENT}, 127.0.0.1`, 'http, https', 'http'],
    ['the only proxy, whatever a client put before', CLIENT, 'https, http', 'http'],
  ])('forwards, of values that differ, that of %s', async (_, address, proto, expected) => {
    const fields = [`X-Forwarded-For: ${address}`, `X-Forwarded-Proto: ${proto}`]
    expect((await seenOf(fields, policy))['x-forwarded-proto']).toEqual([expected])
  })

  it('removes what any other client says of the scheme and prefix', async () => {
    const fields = [
      from,
      'X-Forwarded-Proto: https',
      'X-Forwarded-Ssl: on',
      'X-Forwarded-Prefix: /a',
    ]
    const seen = await seenOf(fields, policy, [])
    expect(seen['x-forwarded-proto']).toEqual(['http'])
    expect(seen['x-forwarded-prefix']).toBeUndefined()
  })
})

describe('X-Forwarded-Prefix of a trusted proxy', () => {
  it('is forwarded on a passthrough route', async () => {
    const seen = await seenOf([from, 'X-Forwarded-Prefix: /shop'], 'passthrough')
    expect(seen['x-forwarded-prefix']).toEqual(['/shop'])
  })

  it.each(['//evil.example.com', '/a/../b', '/a"b'])('is removed if it is %s', async (prefix) => {
    const seen = await seenOf([from, `X-Forwarded-Prefix: ${prefix}`], 'passthrough')
    expect(seen['x-forwarded-prefix']).toBeUndefined()
  })

  it('is removed on an Inngest route', async () => {
    const seen = await seenOf([from, 'X-Forwarded-Prefix: /shop'])
    expect(seen['x-forwarded-prefix']).toBeUndefined()
  })
})

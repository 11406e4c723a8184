/**
 * A signature covers the body and the time, and not the method, the path, the query or `Host`. One that was
 * captured must not be good for anything else than the request that it was made for, and only once:
 *
 *   captured: POST /api/inngest?fnId=f      replayed: PUT /api/inngest
 *   captured: GET /api/inngest              used: POST /api/inngest?fnId=f, without a body
 */
import { describe, expect, it } from 'vitest'

import { callBytes, freshBody, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

interface Use {
  readonly method?: string
  readonly query?: string
  readonly host?: string
}

/** Sends requests that all have the same body and signature. */
function user(target: Target, body: string) {
  const fields = [
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Inngest-Signature: ${target.sign(body)}`,
    'Connection: close',
  ]
  return async ({ method = 'POST', query = '', host = 'app.example.com' }: Use) => {
    const line = `${method} /api/inngest${query} HTTP/1.1`
    const bytes = callBytes(body, method === 'GET' ? fields.slice(1) : fields, line)
    return statusOf(await target.raw(bytes.replace('app.example.com', host)))
  }
}

const sync = '{"url":"https://app.example.com/api/inngest"}'

describe('a signature', () => {
  it.each([
    ['a call', { query: '?fnId=f&stepId=s' }, freshBody()],
    ['a sync', { method: 'PUT' }, sync],
  ])('is claimed, of %s, for every method, query and Host', async (_, first, body) => {
    // A sync is no call, which would be refused before its claim is looked at.
    const target = await startTarget({ checks: { runId: 'off' } })
    const use = user(target, body)
    expect(await use(first)).toBe(200)
    const others: Use[] = [
      { method: 'POST' },
      { method: 'POST', query: '?fnId=g&stepId=s' },
      { method: 'POST', query: '?fnId=f&stepId=t' },
      { method: 'PUT' },
      { method: 'PUT', query: '?deployId=1' },
      { method: 'PUT', query: '?probe=trust' },
      { method: 'PUT', host: 'APP.example.com' },
      { method: 'PUT', host: 'app.example.com:80' },
      { method: 'PUT', host: 'other.example.com' },
    ]
    for (const other of others) expect(await use(other)).toBe(other.method === 'PUT' ? 403 : 409)
    const refused = target.reasons().filter((reason) => reason === 'replayed')
    expect(refused).toEqual(others.map(() => 'replayed'))
    expect(target.upstream.seen).toHaveLength(1)
  })

  it('makes one claim for a sync, however it is varied', async () => {
    const target = await startTarget()
    const use = user(target, sync)
    for (let i = 0; i < 20; i += 1) {
      await use({
        method: 'PUT',
        query: `?deployId=${String(i)}`,
        host: `h${String(i)}.example.com`,
      })
    }
    expect(await target.metrics()).toContain('inngest_gateway_replay_cache_entries 1\n')
  })

  it.each([
    ['', 'call_body_missing'],
    ['?fnId=f&stepId=s', 'call_body_missing'],
    ['?fnId=f&probe=trust', 'target_ambiguous'],
    ['?probe=x', 'call_body_missing'],
    ['?probe=trust&probe=trust', 'target_ambiguous'],
  ])('opens no POST %s if it is that of an introspection', async (query, reason) => {
    const target = await startTarget()
    const use = user(target, '')
    expect(await use({ method: 'GET' })).toBe(200)
    expect(await use({ query })).toBe(400)
    expect(target.reasons()).toEqual(['none', reason])
    expect(target.upstream.seen).toHaveLength(1)
  })

  it('opens one PUT, which is reported, or none if enforced, if it is that of an introspection', async () => {
    const target = await startTarget()
    const use = user(target, '')
    expect(await use({ method: 'GET' })).toBe(200)
    expect(await use({ method: 'PUT' })).toBe(200)
    expect(await use({ method: 'PUT', query: '?deployId=1' })).toBe(403)
    expect(target.gateway.logLines[1]).toMatchObject({ report_only: ['sync_body_missing'] })
    const enforcing = await startTarget({ checks: { syncBody: 'enforce' } })
    expect(await user(enforcing, '')({ method: 'PUT' })).toBe(400)
    expect(enforcing.reasons()).toEqual(['sync_body_missing'])
    expect(enforcing.upstream.seen).toHaveLength(0)
  })
})

describe('a trust probe', () => {
  it('is admitted once for each route, whatever the Host', async () => {
    const route = { signingKeys: [{ env: 'PRIMARY' }] }
    const target = await startTarget((upstream) => ({
      routes: [
        { name: 'one', path: '/api/inngest', upstream, ...route },
        { name: 'two', path: '/two', upstream, ...route },
      ],
    }))
    const use = user(target, '{}')
    expect(await use({ query: '?probe=trust' })).toBe(200)
    expect(await use({ query: '?probe=trust', host: 'APP.example.com' })).toBe(409)
    expect(await use({ query: '?pro%62e=trust&deployId=1' })).toBe(409)
    const fields = ['Content-Length: 2', `X-Inngest-Signature: ${target.sign('{}')}`]
    const line = 'POST /two?probe=trust HTTP/1.1'
    expect(
      statusOf(await target.raw(callBytes('{}', [...fields, 'Connection: close'], line))),
    ).toBe(200)
  })

  it('cannot be made of a call that was claimed, since a call is longer', async () => {
    const target = await startTarget()
    const use = user(target, `{"ctx":{"request_id":"r","run_id":"${'x'.repeat(256)}"}}`)
    expect(await use({ query: '?fnId=f&stepId=s' })).toBe(200)
    expect(await use({ query: '?probe=trust' })).toBe(400)
  })

  it.each(['?probe=trust&probe=trust', '?probe=trust&probe=', '?probe=x&probe=trust'])(
    'is refused as ambiguous with %s',
    async (query) => {
      const target = await startTarget()
      expect(await user(target, freshBody())({ query })).toBe(400)
      expect(target.reasons()).toEqual(['target_ambiguous'])
    },
  )
})

/**
 * Re-entries of durable endpoints: what must come from Inngest, and what users may not pretend.
 */
import { describe, expect, it } from 'vitest'

import { freshBody, type Target } from '../support/attack.ts'
import {
  callAsUser,
  durableHost,
  freshIds,
  reasonsOf,
  reenter,
  requestLines,
  startDurable,
  startSharing,
} from '../support/durable-route.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { testKey } from '../support/test-gateway.ts'

const now = ({ gateway }: Target) => Math.floor(gateway.clock.wallMs / 1000)

describe('a re-entry', () => {
  it.each([
    ['GET', ''],
    ['GET', 'a body that a GET has'],
    ['POST', ''],
    ['POST', '{"b":1, "a":2}'],
    ['PUT', 'a=b&c=d'],
    ['PATCH', '\u0000\u00ff'],
    ['DELETE', ''],
    ['OPTIONS', ''],
  ])('is admitted by %s with the body %j and with its headers, once', async (method, body) => {
    const target = await startDurable()
    const ids = freshIds()
    const request = { method, ids, body: Buffer.from(body, 'latin1') }
    expect((await reenter(target, request)).status).toBe(200)
    expect((await reenter(target, request)).status).toBe(method === 'PUT' ? 403 : 409)
    expect(reasonsOf(target)).toEqual(['none', 'replayed'])
    expect(target.upstream.seen).toHaveLength(1)
    const [seen] = target.upstream.seen
    expect(seen?.line).toBe(`${method} /endpoints/order?a=b HTTP/1.1`)
    expect(seen?.body).toBe(body)
    expect(seen?.fields['x-run-id']).toEqual([ids['x-run-id']])
    expect(seen?.fields['x-inngest-signature']).toHaveLength(1)
    expect(requestLines(target)[0]).toMatchObject({
      durable: 'reentry',
      decision: 'admitted',
      run_id: ids['x-run-id'],
    })
  })

  it('is admitted each of a hundred times at once with an empty body, and not again', async () => {
    const target = await startDurable()
    const runs = Array.from({ length: 100 }, () => freshIds())
    const statuses = async () => {
      const answers = await Promise.all(runs.map((ids) => reenter(target, { ids })))
      return answers.map(({ status }) => status)
    }
    expect(await statuses()).toEqual(runs.map(() => 200))
    expect(await statuses()).toEqual(runs.map(() => 409))
    expect(target.upstream.seen).toHaveLength(100)
  })

  it.each(['x-run-id', 'x-request-id', 'x-inngest-job-id', 'x-inngest-step-id'])(
    'is distinguished from another with the same signature by %s',
    async (name) => {
      const target = await startDurable()
      const ids = freshIds()
      expect((await reenter(target, { ids })).status).toBe(200)
      expect((await reenter(target, { ids: { ...ids, [name]: 'other' } })).status).toBe(200)
      expect((await reenter(target, { ids })).status).toBe(409)
    },
  )

  it('is not distinguished from another by what is neither id nor signed', async () => {
    const target = await startDurable()
    const ids = freshIds()
    expect((await reenter(target, { ids })).status).toBe(200)
    for (const change of [
      { target: '/endpoints/other' },
      { method: 'DELETE' },
      { headers: { 'x-inngest-generation-id': '7' } },
      { headers: { accept: 'text/html' } },
    ]) {
      expect((await reenter(target, { ids, ...change })).status).toBe(409)
    }
  })

  it('is refused as the 1,001st with one signature, until the next second', async () => {
    const target = await startDurable()
    const ids = freshIds()
    const send100 = (from: number) =>
      Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          reenter(target, { ids: { ...ids, 'x-run-id': String(from + i) } }),
        ),
      )
    for (let i = 0; i < 10; i += 1) {
      expect((await send100(i * 100)).every(({ status }) => status === 200)).toBe(true)
    }
    expect((await reenter(target, { ids })).status).toBe(503)
    expect(reasonsOf(target).at(-1)).toBe('claims_too_many')
    target.gateway.clock.wallMs += 1000
    expect((await reenter(target, { ids })).status).toBe(200)
  })

  it.each([
    ['signature_mismatch', 401, { key: testKey }],
    ['timestamp_too_old', 401, { ageSeconds: 301 }],
    ['timestamp_in_future', 401, { ageSeconds: -301 }],
    ['signature_missing', 401, { headers: { 'x-inngest-signature': '' } }],
    ['signature_malformed', 401, { headers: { 'x-inngest-signature': 't=1&s=2' } }],
    ['reentry_run_id_missing', 401, { ids: { 'x-request-id': 'a' } }],
    ['reentry_run_id_missing', 401, { ids: { 'x-run-id': '' } }],
    ['header_duplicated', 400, { ids: { 'x-run-id': ['a', 'b'] } }],
    ['upgrade_not_allowed', 400, { headers: { connection: 'upgrade', upgrade: 'websocket' } }],
    ['content_encoding_not_allowed', 415, { headers: { 'content-encoding': 'gzip' } }],
    ['method_not_allowed', 405, { method: 'TRACE' }],
  ])('is refused as %s (%i) with %j', async (reason, status, change) => {
    const target = await startDurable()
    expect((await reenter(target, change)).status).toBe(status)
    expect(reasonsOf(target)).toEqual([reason])
    expect(target.upstream.bytes()).toBe('')
  })

  it('is diagnosed if the key of another route signed it', async () => {
    const target = await startDurable()
    await reenter(target, { key: testKey, method: 'POST', body: 'a=b' })
    expect(requestLines(target)[0]).toMatchObject({
      reason: 'signature_mismatch',
      diagnosis: 'other_key',
      diagnosis_detail: 'env:PRIMARY',
    })
  })

  it('is refused with two signatures, each of them valid', async () => {
    const target = await startDurable()
    const signature = signatureHeader(testKey, '', now(target))
    const headers = { 'x-inngest-signature': [signature, signature] }
    expect((await reenter(target, { headers })).status).toBe(401)
    expect(reasonsOf(target)).toEqual(['signature_malformed'])
  })

  it('is refused if its body has the canonical form that was signed, and other bytes', async () => {
    const target = await startDurable()
    const headers = {
      'x-inngest-signature': signatureHeader(
        '0123456789abcdef0123456789abcdef',
        '{"a":1}',
        now(target),
      ),
    }
    const sent = { method: 'POST', headers, ids: freshIds() }
    expect((await reenter(target, { ...sent, body: '{ "a": 1 }' })).status).toBe(401)
    expect((await reenter(target, { ...sent, body: '{"a":1}' })).status).toBe(200)
    expect(reasonsOf(target)).toEqual(['signature_mismatch', 'none'])
  })

  it('is refused from another address than those of Inngest, which users may have', async () => {
    const target = await startDurable({}, { allowlist: ['127.0.0.1/32'] })
    expect((await reenter(target, { from: '127.0.0.2' })).status).toBe(403)
    expect(reasonsOf(target)).toEqual(['client_not_allowed'])
    expect((await callAsUser(target, { from: '127.0.0.2' })).status).toBe(200)
    expect((await reenter(target)).status).toBe(200)
  })

  it('needs no address that the route allows users', async () => {
    const target = await startDurable({ allowlist: ['127.0.0.2/32'] })
    expect((await reenter(target)).status).toBe(200)
    expect((await callAsUser(target)).status).toBe(403)
    expect((await callAsUser(target, { from: '127.0.0.2' })).status).toBe(200)
  })

  it('is refused with the signature of a function call that was admitted', async () => {
    const target = await startSharing()
    const body = freshBody()
    const headers = {
      host: durableHost,
      'x-inngest-signature': signatureHeader(testKey, body, now(target)),
      'x-run-id': 'run',
    }
    const call = { port: target.gateway.port, headers, body }
    expect((await send({ ...call, target: '/api/inngest?fnId=f' })).status).toBe(200)
    expect((await send({ ...call, target: '/endpoints/order' })).status).toBe(409)
    expect(reasonsOf(target)).toEqual(['none', 'claim_kind_mismatch'])
  })

  it('gives its signature to no function call', async () => {
    const target = await startSharing()
    const body = freshBody()
    const headers = {
      host: durableHost,
      'x-inngest-signature': signatureHeader(testKey, body, now(target)),
      'x-run-id': 'run',
    }
    const call = { port: target.gateway.port, headers, body }
    expect((await send({ ...call, target: '/endpoints/order' })).status).toBe(200)
    expect((await send({ ...call, target: '/api/inngest?fnId=f' })).status).toBe(409)
    expect(reasonsOf(target)).toEqual(['none', 'claim_kind_mismatch'])
  })

  it.each(['sync', 're-entry'])(
    'shares no signature with a sync: after the %s, the other is refused',
    async (first) => {
      const target = await startSharing()
      const body = '{"url":"https://app.example.com/api/inngest"}'
      const sync = () =>
        send({
          port: target.gateway.port,
          method: 'PUT',
          target: '/api/inngest',
          headers: {
            host: durableHost,
            'x-inngest-signature': signatureHeader(testKey, body, now(target)),
          },
          body,
        })
      const reentry = () => reenter(target, { key: testKey, method: 'PUT', body })
      const [one, other] = first === 'sync' ? [sync, reentry] : [reentry, sync]
      expect((await one()).status).toBe(200)
      expect((await other()).status).toBe(403)
      expect(reasonsOf(target)).toEqual(['none', 'claim_kind_mismatch'])
    },
  )

  it('gives an empty signature to no trust probe, nor a probe its own to a re-entry', async () => {
    const target = await startSharing()
    const probe = (headers: Record<string, string>) =>
      send({ port: target.gateway.port, target: '/api/inngest?probe=trust', headers })
    const signature = () => ({ 'x-inngest-signature': signatureHeader(testKey, '', now(target)) })
    expect((await reenter(target, { key: testKey })).status).toBe(200)
    expect((await probe(signature())).status).toBe(409)
    target.gateway.clock.wallMs += 1000
    expect((await probe(signature())).status).toBe(200)
    expect((await reenter(target, { key: testKey })).status).toBe(409)
  })
})

describe('a re-entry on a route in report mode', () => {
  const reporting = (checks: object) => startDurable({ checks })

  it.each([
    ['signature', { key: testKey }, 'signature_mismatch'],
    ['freshness', { ageSeconds: 301 }, 'timestamp_too_old'],
    ['allowlist', { from: '127.0.0.2' }, 'client_not_allowed'],
  ])('is forwarded and listed in the log if it fails %s', async (check, change, reason) => {
    const target = await startDurable(
      { checks: { [check]: 'report' } },
      { allowlist: ['127.0.0.1/32'] },
    )
    expect((await reenter(target, change)).status).toBe(200)
    expect(requestLines(target)[0]).toMatchObject({ report_only: [reason], durable: 'reentry' })
  })

  it('is forwarded again, and listed as replayed, if replay only reports', async () => {
    const target = await reporting({ replay: 'report' })
    const ids = freshIds()
    expect((await reenter(target, { ids })).status).toBe(200)
    expect((await reenter(target, { ids })).status).toBe(200)
    expect(requestLines(target)[1]).toMatchObject({ report_only: ['replayed'] })
  })

  it.each(['off', 'report'])(
    'is refused without a signature (signature: %s), since the app would take it for a user',
    async (mode) => {
      const others = { freshness: mode, replay: mode, allowlist: mode }
      const target = await reporting({ signature: mode, ...others })
      for (const name of ['x-inngest-step-id', 'x_inngest_signature', 'X-Inngest-Anything']) {
        const headers = { 'x-run-id': 'run', [name]: 'a' }
        expect((await callAsUser(target, { headers })).status).toBe(401)
      }
      expect(new Set(reasonsOf(target))).toEqual(new Set(['signature_missing']))
      expect(target.upstream.bytes()).toBe('')
      // A dev server sends it empty, which the SDKs know a re-entry by.
      const headers = { 'x-run-id': 'run', 'x-inngest-signature': '' }
      expect((await callAsUser(target, { headers })).status).toBe(200)
    },
  )

  it('is refused without a run id whatever the modes, and as long as each other check is on', async () => {
    const off = { signature: 'off', freshness: 'off', replay: 'off', allowlist: 'off' }
    const target = await reporting(off)
    expect((await reenter(target, { ids: {} })).status).toBe(401)
    expect((await callAsUser(target, { headers: { 'x-inngest-step-id': 'a' } })).status).toBe(401)
    const strict = await reporting({ replay: 'report' })
    expect((await reenter(strict, { key: testKey })).status).toBe(401)
  })
})

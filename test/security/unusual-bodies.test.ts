/**
 * A function call is claimed by its MAC alone, however its body begins. Were anything unsigned added for a
 * body that does not begin as usual, another `fnId` would make a claimed call good once more:
 *
 *   captured: POST /api/inngest?fnId=f&stepId=s      replayed: POST /api/inngest?fnId=g&stepId=s
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

async function call(target: Target, body: string, query: string): Promise<number> {
  const fields = [
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Inngest-Signature: ${target.sign(body)}`,
  ]
  const line = `POST /api/inngest?${query} HTTP/1.1`
  return statusOf(await target.raw(callBytes(body, [...fields, 'Connection: close'], line)))
}

/** Bodies that do not begin as Inngest's do today, each with an id of its dispatch. */
const unusual: readonly (readonly [string, string])[] = [
  ['a nested member', '{"ctx":{"a":{"b":1},"qi_id":"MmU="}}'],
  ['an array', '{"ctx":{"a":[],"qi_id":"MmU="}}'],
  ['a camelCase name', '{"ctx":{"aB":1,"qi_id":"MmU="}}'],
  ['a long env', `{"ctx":{"env":"${'e'.repeat(4096)}","qi_id":"MmU="}}`],
  ['a member before ctx', '{"a":1,"ctx":{"qi_id":"MmU="}}'],
  ['white space', '{ "ctx": { "qi_id": "MmU=" } }'],
]

const withoutIds: readonly (readonly [string, string])[] = [
  ['an older call', '{"ctx":{"attempt":0,"qi_id":"Ojo=","run_id":"r"},"version":1}'],
  ['an older call with a member before ctx', '{"a":[1],"ctx":{"run_id":"r"}}'],
  ['a long older call', `{"ctx":{"run_id":"r"},"event":"${'x'.repeat(70_000)}"}`],
]

const unreadable: readonly (readonly [string, string])[] = [
  ['no JSON', 'x'],
  ['a member twice', '{"ctx":{"run_id":"r"},"ctx":{"run_id":"r"}}'],
]

const others: readonly (readonly [string, string])[] = [
  ['no ctx', '{"url":"https://app.example.com/api/inngest"}'],
  ['an id that is no text', '{"ctx":{"request_id":1}}'],
  ['an id behind escapes', '{"ctx":{"request_\\u0069d":"r"}}'],
  ['an id in another case', '{"ctx":{"QI_ID":"MmU=","run_id":"r"}}'],
]

/** These bodies are about the claim: some are no calls, which would be refused before it. */
const claimsOnly = { checks: { runId: 'off' } }

const legacy = (upstream: string) => ({
  ...claimsOnly,
  routes: [{ name: 'app', upstream, signingKeys: [{ env: 'PRIMARY' }], legacyServer: true }],
})

describe('a call', () => {
  it.each([...unusual, ...withoutIds, ...unreadable])(
    'is claimed by the MAC alone if its body has %s',
    async (_, body) => {
      const target = await startTarget(claimsOnly)
      expect(await call(target, body, 'fnId=f&stepId=s')).toBe(200)
      for (const query of ['fnId=g&stepId=s', 'fnId=f&stepId=t', '']) {
        expect(await call(target, body, query)).toBe(409)
      }
    },
  )

  it.each(withoutIds)('is claimed with its step, by legacyServer, if it is %s', async (_, body) => {
    const target = await startTarget(legacy)
    expect(await call(target, body, 'fnId=f&stepId=s')).toBe(200)
    expect(await call(target, body, 'fnId=f&stepId=t')).toBe(200)
    expect(await call(target, body, 'fnId=f&stepId=t&x=1')).toBe(409)
  })

  it.each([...unusual, ...unreadable, ...others])(
    'is claimed by the MAC alone, in spite of legacyServer, if its body has %s',
    async (_, body) => {
      const target = await startTarget(legacy)
      expect(await call(target, body, 'fnId=f&stepId=s')).toBe(200)
      expect(await call(target, body, 'fnId=f&stepId=t')).toBe(409)
    },
  )
})

describe('on a route with legacyServer, a PUT', () => {
  const path = '/api/inngest?fnId=f&stepId=s'
  const put = async (target: Target, body: string, line = 'PUT /api/inngest HTTP/1.1') => {
    const fields = [
      `Content-Length: ${String(Buffer.byteLength(body))}`,
      `X-Inngest-Signature: ${target.sign(body)}`,
    ]
    return statusOf(await target.raw(callBytes(body, [...fields, 'Connection: close'], line)))
  }

  it.each(
    withoutIds.flatMap(([what, body]) => [
      [what, body, 'PUT /api/inngest HTTP/1.1'],
      [what, body, `PUT ${path} HTTP/1.1`],
    ]),
  )('is refused before and after the call with the body of %s', async (_, body = '', line) => {
    const target = await startTarget(legacy)
    expect(await put(target, body, line)).toBe(403)
    expect(target.gateway.logLines.at(-1)).toMatchObject({ reason: 'sync_url_mismatch' })
    expect(await call(target, body, 'fnId=f&stepId=s')).toBe(200)
    expect(await put(target, body, line)).toBe(403)
    expect(target.upstream.seen).toHaveLength(1)
  })

  it('is admitted once with the body of a sync', async () => {
    const target = await startTarget(legacy)
    const body = '{"url":"https://app.example.com/api/inngest"}'
    expect([await put(target, body), await put(target, body)]).toEqual([200, 403])
  })

  it('is refused after the call with the body of a newer call', async () => {
    const target = await startTarget(legacy)
    const [, body] = unusual[0] ?? ['', '']
    expect(await call(target, body, 'fnId=f&stepId=s')).toBe(200)
    expect(await put(target, body)).toBe(403)
    expect(target.gateway.logLines.at(-1)).toMatchObject({ reason: 'replayed' })
  })
})

describe('the log of a replayed call', () => {
  const setting = 'legacyServer: true on the route, if the Inngest server is older than 1.13.5'

  it.each(withoutIds.slice(0, 2))('names the setting for %s', async (_, body) => {
    const target = await startTarget(claimsOnly)
    for (const stepId of ['a', 'b']) await call(target, body, `fnId=f&stepId=${stepId}`)
    expect(target.gateway.logLines.at(-1)).toMatchObject({
      reason: 'replayed',
      diagnosis: 'no_dispatch_id',
      diagnosis_detail: setting,
    })
  })

  it('names it where a replay is only reported', async () => {
    const target = await startTarget({ checks: { replay: 'report', runId: 'off' } })
    for (let i = 0; i < 2; i += 1) await call(target, '{"ctx":{"run_id":"r"}}', 'fnId=f')
    expect(target.gateway.logLines.at(-1)).toMatchObject({
      report_only: ['replayed'],
      diagnosis: 'no_dispatch_id',
    })
  })

  it.each(unusual)('does not name it for a body that has %s', async (_, body) => {
    const target = await startTarget(claimsOnly)
    for (let i = 0; i < 2; i += 1) await call(target, body, 'fnId=f')
    expect(target.gateway.logLines.at(-1)).toMatchObject({ reason: 'replayed' })
    expect(target.gateway.logLines.at(-1)).not.toHaveProperty('diagnosis')
  })

  it('does not name it on a route that has it', async () => {
    const target = await startTarget(legacy)
    for (let i = 0; i < 2; i += 1) await call(target, '{"ctx":{"run_id":"r"}}', 'fnId=f')
    expect(target.gateway.logLines.at(-1)).toMatchObject({ reason: 'replayed' })
    expect(target.gateway.logLines.at(-1)).not.toHaveProperty('diagnosis')
  })
})

describe('legacyServer', () => {
  it('is warned of at the start and at each reload', async () => {
    const target = await startTarget(legacy)
    const warnings = () =>
      target.gateway.logLines.filter(
        ({ msg }) => msg === 'a captured call can be replayed for another fnId or stepId',
      )
    expect(warnings()).toMatchObject([{ level: 40, route: 'app', setting: 'legacyServer' }])
    target.gateway.rewrite({ ...legacy(target.upstream.url), limits: { maxRequestsInFlight: 7 } })
    target.gateway.reload()
    expect(warnings()).toHaveLength(2)
  })
})

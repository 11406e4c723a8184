/**
 * A captured, unused signature with the `fnId` of another function: the app would run that function with the
 * event of the first one. Which `fnId` belongs to the signed `ctx.fn_id` is learned from verified calls.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

let serial = 0

interface Call {
  readonly id?: string
  readonly run?: string
  /** After the body was signed. */
  readonly query?: string
  readonly fields?: readonly string[]
}

/** A signed body as Inngest writes it, of a new run unless the test says so. */
function bodyOf({ id = 'id-of-a', run }: Call): string {
  serial += 1
  return `{"ctx":{"env":"","fn_id":"${id}","generation_id":1,"qi_id":"q${String(serial)}","request_id":"r${String(serial)}","run_id":"${run ?? `run-${String(serial)}`}","step_id":"step"},"event":{},"version":1}`
}

async function send(target: Target, call: Call = {}, body = bodyOf(call)): Promise<number> {
  const { query = 'fnId=a', fields = [] } = call
  const all = [
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Inngest-Signature: ${target.sign(body)}`,
    'Connection: close',
    ...fields,
  ]
  const bytes = callBytes(body, all, `POST /api/inngest?${query}&stepId=step HTTP/1.1`)
  return statusOf(await target.raw(bytes))
}

const last = (target: Target) => target.gateway.logLines.at(-1)

/** A gateway that knows that `a` belongs to `id-of-a`. */
async function startTaught(functionId?: 'enforce', more: object = {}): Promise<Target> {
  const target = await startTarget({ checks: { ...(functionId && { functionId }), ...more } })
  for (let i = 0; i < 2; i += 1) expect(await send(target)).toBe(200)
  return target
}

describe('a call with the fnId of another function', () => {
  it('is forwarded and reported by default, with both ids in the log', async () => {
    const target = await startTaught()
    expect(await send(target, { query: 'fnId=b' })).toBe(200)
    expect(target.upstream.seen).toHaveLength(3)
    expect(last(target)).toMatchObject({
      decision: 'admitted',
      report_only: ['function_id_mismatch'],
      fn_id: 'b',
      expected_fn_id: 'a',
    })
    expect(await target.metrics()).toContain(
      'inngest_gateway_report_only_refusals_total{route="app",reason="function_id_mismatch"} 1',
    )
  })

  it.each(['fnId=b', 'fnId=', 'fnId=A', 'fnId=%62'])(
    'is refused with %j if enforced, before its signature is claimed',
    async (query) => {
      const target = await startTaught('enforce')
      const body = bodyOf({})
      expect(await send(target, { query }, body)).toBe(401)
      expect(last(target)).toMatchObject({
        decision: 'refused',
        reason: 'function_id_mismatch',
        expected_fn_id: 'a',
      })
      expect(target.upstream.seen).toHaveLength(2)
      expect(await send(target, {}, body)).toBe(200)
      expect(last(target)?.['expected_fn_id']).toBeUndefined()
    },
  )

  it('is refused in an unusual body, too', async () => {
    const target = await startTaught('enforce')
    const body = bodyOf({}).replace('"ctx":', '"a": 1, "ctx": ')
    expect(await send(target, { query: 'fnId=b' }, body)).toBe(401)
    expect(last(target)?.['reason']).toBe('function_id_mismatch')
    expect(await send(target, {}, body)).toBe(200)
  })

  it.each(['fnId=a&fnId=b', 'fnId=b&fnId=a'])(
    'is refused with %j where replays are only reported',
    async (query) => {
      const target = await startTaught('enforce', { replay: 'report' })
      expect(await send(target, { query })).toBeGreaterThanOrEqual(400)
      expect(target.upstream.seen).toHaveLength(2)
    },
  )

  it('passes unseen where the check is off', async () => {
    const target = await startTarget({ checks: { functionId: 'off' } })
    for (const query of ['fnId=a', 'fnId=a', 'fnId=b']) {
      expect(await send(target, { query })).toBe(200)
      expect(last(target)?.['report_only']).toBeUndefined()
    }
  })
})

describe('honest calls', () => {
  it('may have one fnId for several ids, as in branch environments', async () => {
    const target = await startTaught('enforce')
    for (let i = 0; i < 3; i += 1) {
      expect(await send(target, { id: 'id-of-a-in-branch' })).toBe(200)
      expect(last(target)?.['report_only']).toBeUndefined()
    }
  })

  it('are admitted without an id to learn by', async () => {
    const target = await startTaught('enforce')
    for (const query of ['fnId=a', 'fnId=b']) {
      expect(await send(target, { id: '', query })).toBe(200)
    }
    expect(await send(target, { query: 'other=1' })).toBe(200)
    expect(last(target)?.['report_only']).toBeUndefined()
  })

  it('keep what was learned over a reload', async () => {
    const target = await startTaught()
    target.gateway.rewrite({
      checks: { functionId: 'enforce' },
      routes: [{ name: 'app', upstream: target.upstream.url, signingKeys: [{ env: 'PRIMARY' }] }],
    })
    target.gateway.reload()
    expect(await send(target, { query: 'fnId=b' })).toBe(401)
  })

  it('teach each route by itself', async () => {
    const target = await startTarget((upstream) => ({
      checks: { functionId: 'enforce' },
      routes: ['/one', '/api/inngest'].map((path) => ({
        ...{ name: path.replaceAll('/', ''), path, upstream },
        signingKeys: [{ env: 'PRIMARY' }],
      })),
    }))
    for (let i = 0; i < 2; i += 1) expect(await send(target)).toBe(200)
    const body = bodyOf({})
    const fields = [
      `Content-Length: ${String(Buffer.byteLength(body))}`,
      `X-Inngest-Signature: ${target.sign(body)}`,
      'Connection: close',
    ]
    const bytes = callBytes(body, fields, 'POST /one?fnId=b&stepId=step HTTP/1.1')
    expect(statusOf(await target.raw(bytes))).toBe(200)
    expect(last(target)?.['report_only']).toBeUndefined()
  })
})

describe('a wrong lesson', () => {
  it('is not made known by one run, whatever its steps', async () => {
    const target = await startTarget({ checks: { functionId: 'enforce' } })
    for (let i = 0; i < 3; i += 1) {
      expect(await send(target, { query: 'fnId=b', run: 'captured' })).toBe(200)
    }
    expect(await send(target)).toBe(200)
    expect(last(target)).toMatchObject({
      report_only: ['function_id_mismatch'],
      fn_id: 'a',
      expected_fn_id: 'b',
    })
    for (let i = 0; i < 2; i += 1) {
      expect(await send(target)).toBe(200)
      expect(last(target)?.['report_only']).toBeUndefined()
    }
    expect(await send(target, { query: 'fnId=b' })).toBe(401)
  })

  it('is taught by two unused calls before any honest one, and then each honest call shows both ids', async () => {
    const target = await startTarget({ checks: { functionId: 'enforce' } })
    for (let i = 0; i < 2; i += 1) expect(await send(target, { query: 'fnId=b' })).toBe(200)
    const body = bodyOf({})
    expect(await send(target, {}, body)).toBe(401)
    expect(last(target)).toMatchObject({ fn_id: 'a', expected_fn_id: 'b' })
    target.gateway.rewrite({
      checks: { functionId: 'report' },
      routes: [{ name: 'app', upstream: target.upstream.url, signingKeys: [{ env: 'PRIMARY' }] }],
    })
    target.gateway.reload()
    expect(await send(target, {}, body)).toBe(200)
    expect(last(target)?.['report_only']).toEqual(['function_id_mismatch'])
  })

  it('does not replace a known pair, however often it is sent', async () => {
    const target = await startTaught()
    for (let i = 0; i < 4; i += 1) expect(await send(target, { query: 'fnId=b' })).toBe(200)
    expect(await send(target)).toBe(200)
    expect(last(target)?.['report_only']).toBeUndefined()
  })

  it('is not taught by a signature that was used before', async () => {
    const target = await startTarget({ checks: { replay: 'report' } })
    const bodies = [bodyOf({ id: 'x' }), bodyOf({ id: 'x' })]
    for (const body of bodies) expect(await send(target, { query: 'other=1' }, body)).toBe(200)
    for (const body of bodies) expect(await send(target, { query: 'fnId=b' }, body)).toBe(200)
    expect(last(target)?.['report_only']).toEqual(['replayed'])
    expect(await send(target, { id: 'x' })).toBe(200)
    expect(last(target)?.['report_only']).toBeUndefined()
  })

  it.each([['X-Run-ID: other'], ['X-Inngest-Generation-ID: 7']])(
    'is not taught by a call that is reported for %s',
    async (field) => {
      const target = await startTarget({ checks: { runId: 'report' } })
      for (let i = 0; i < 2; i += 1) {
        expect(await send(target, { query: 'fnId=b', fields: [field] })).toBe(200)
      }
      expect(await send(target)).toBe(200)
      expect(last(target)?.['report_only']).toBeUndefined()
    },
  )

  it('is forgotten when no call confirms it for eight days', async () => {
    const target = await startTaught()
    target.gateway.clock.wallMs += 8 * 24 * 3600 * 1000
    for (let i = 0; i < 2; i += 1) {
      expect(await send(target, { query: 'fnId=b' })).toBe(200)
      expect(last(target)?.['report_only']).toBeUndefined()
    }
    expect(await send(target)).toBe(200)
    expect(last(target)).toMatchObject({ fn_id: 'a', expected_fn_id: 'b' })
  })
})

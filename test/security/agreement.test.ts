/**
 * Unsigned ids beside signed ones. A signature covers neither headers nor query, and it does not say who
 * wrote the body: so what is not signed has to agree with what is.
 */
import { describe, expect, it } from 'vitest'

import { callBytes, startTarget, type Target } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

let serial = 0

function usualBody(): string {
  serial += 1
  return `{"ctx":{"env":"","fn_id":"f","generation_id":1,"job_id":"j","qi_id":"q${String(serial)}","request_id":"signed-${String(serial)}","run_id":"run","stack":{"current":0,"stack":[]},"step_id":"step","use_api":false},"event":{},"version":2}`
}

/** A call of a run with so many steps, whose ids are in its `ctx.stack`. */
function longRun(steps: number): string {
  const ids = Array.from({ length: steps }, (_, i) => `"${String(i).padStart(40, 'a')}"`)
  return usualBody().replace('"stack":[]', `"stack":[${ids.join()}]`)
}

const withEvent = (event: string) => usualBody().replace('"event":{}', `"event":${event}`)

async function call(
  target: Target,
  fields: string[],
  body = usualBody(),
  query = 'fnId=f&stepId=s',
): Promise<number> {
  const all = [
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `X-Inngest-Signature: ${target.sign(body)}`,
    'Connection: close',
    ...fields,
  ]
  const bytes = callBytes(body, all, `POST /api/inngest?${query} HTTP/1.1`)
  return statusOf(await target.raw(bytes))
}

const last = (target: Target) => target.gateway.logLines.at(-1)

describe('the id of the run', () => {
  it.each([
    ['the same', ['X-Run-ID: run']],
    ['no header', []],
  ] as const)('is admitted with %s', async (_, fields) => {
    const target = await startTarget()
    expect(await call(target, [...fields])).toBe(200)
    expect(last(target)?.['report_only']).toBeUndefined()
  })

  it.each(['X-Run-ID: other', 'X-Run-ID:', 'x-run-id: RUN'])(
    'is refused with %s',
    async (field) => {
      const target = await startTarget()
      expect(await call(target, [field])).toBe(401)
      expect(last(target)?.['reason']).toBe('run_id_mismatch')
      expect(target.upstream.seen).toHaveLength(0)
    },
  )

  it('is refused if it is given twice', async () => {
    const target = await startTarget()
    expect(await call(target, ['X-Run-ID: run', 'X-Run-ID: run'])).toBe(400)
    expect(last(target)?.['reason']).toBe('header_duplicated')
  })

  it.each([
    ['no JSON', 'a=1&b=2'],
    ['no ctx', '{"a":1}'],
    ['a ctx without it', '{"ctx":{"request_id":"x"},"version":2}'],
    ['an empty one', '{"ctx":{"run_id":""},"version":2}'],
    ['one that is no text', '{"ctx":{"run_id":1},"version":2}'],
    ['one outside of ctx', '{"ctx":{},"run_id":"run","version":2}'],
    ['ctx twice', '{"ctx":{"run_id":"run"},"ctx":{"run_id":"run"},"version":2}'],
    [
      'ctx twice, once in escapes',
      '{"ctx":{"run_id":"run"},"\\u0063tx":{"run_id":"x"},"version":2}',
    ],
    ['one given twice', '{"ctx":{"run_id":"run","run_id":"run"},"version":2}'],
    ['one more in another case', '{"ctx":{"run_id":"run","RUN_ID":"other"},"version":2}'],
    ['one more in another case in front', '{"ctx":{"RUN_ID":"other","run_id":"run"},"version":2}'],
    ['ctx once more in another case', '{"ctx":{"run_id":"run"},"Ctx":{},"version":2}'],
    ['version twice', '{"ctx":{"run_id":"run"},"version":1,"version":2}'],
    ['one more behind a long stack', longRun(2000).replace('"use_api":false', '"run_id":"other"')],
  ])('is refused with a signed body that has %s', async (_, body) => {
    const target = await startTarget()
    expect(await call(target, ['X-Run-ID: run'], body)).toBe(401)
    expect(last(target)?.['reason']).toBe('run_id_missing')
    expect(target.upstream.seen).toHaveLength(0)
  })

  it.each([
    ['white space', '{ "ctx": { "run_id": "run" }, "version": 2 }'],
    ['a member before ctx', '{"a":[1],"ctx":{"run_id":"run"},"version":2}'],
    ['nested members', '{"ctx":{"a":{"run_id":"x"},"run_id":"run"},"version":2}'],
    ['more than 64 KiB', `{ "ctx":{"run_id":"run"},"event":"${'x'.repeat(70_000)}","version":2}`],
  ])('is read in an unusual body with %s', async (_, body) => {
    const target = await startTarget()
    expect(await call(target, ['X-Run-ID: other'], body)).toBe(401)
    expect(last(target)?.['reason']).toBe('run_id_mismatch')
    expect(await call(target, ['X-Run-ID: run'], body)).toBe(200)
  })

  it.each([
    ['1,500 steps', longRun(1500)],
    ['1,600 steps', longRun(1600)],
    ['10,000 steps', longRun(10_000)],
    ['10,000 steps and white space', ` ${longRun(10_000)}`],
    ['JSON in text', withEvent(String.raw`{"a":"{\"n\":\"caf\\u00e9\"}"}`)],
    ['a ctx in its event', withEvent('{"a":1,"ctx":{"run_id":"other"},"version":1}')],
    ['deep nesting', withEvent(`${'['.repeat(300)}"\\u00e9","ctx"${']'.repeat(300)}`)],
  ])('is read in a call with %s', async (_, body) => {
    const target = await startTarget({ checks: { callIds: 'enforce' } })
    const fields = ['X-Run-ID: run', 'X-Inngest-Job-ID: j', 'X-Inngest-Req-Version: 2']
    expect(await call(target, fields, body)).toBe(200)
    expect(last(target)?.['report_only']).toBeUndefined()
    expect(await call(target, ['X-Run-ID: other'], body)).toBe(401)
    expect(last(target)?.['reason']).toBe('run_id_mismatch')
  })

  it('claims nothing for a call that is refused', async () => {
    const target = await startTarget()
    const body = usualBody()
    expect(await call(target, ['X-Run-ID: other'], body)).toBe(401)
    expect(await call(target, ['X-Run-ID: run'], body)).toBe(200)
  })

  it('is only reported where the operator says so', async () => {
    const target = await startTarget({ checks: { runId: 'report' } })
    expect(await call(target, ['X-Run-ID: other'])).toBe(200)
    expect(last(target)?.['report_only']).toEqual(['run_id_mismatch'])
  })

  it('is not asked of a trust probe', async () => {
    const target = await startTarget()
    expect(await call(target, [], '', 'probe=trust')).toBe(200)
  })
})

describe('the other ids', () => {
  const contradictions = [
    ['call_ids_mismatch', 'X-Inngest-Job-ID: other', usualBody()],
    ['call_ids_mismatch', 'X-Inngest-Generation-ID: 2', usualBody()],
    ['call_ids_mismatch', 'X-Inngest-Req-Version: 1', usualBody()],
    ['call_ids_mismatch', 'X-Inngest-Step-ID: other', usualBody()],
    ['call_ids_unsigned', 'X-Inngest-Job-ID: j', '{"ctx":{"run_id":"run"},"version":2}'],
    ['call_ids_unsigned', 'X-Inngest-Generation-ID: 1', '{"ctx":{"run_id":"run"},"version":2}'],
    ['call_ids_unsigned', 'X-Inngest-Req-Version: 2', '{"ctx":{"run_id":"run"}}'],
  ] as const

  it.each(contradictions)('are reported by default as %s for %s', async (reason, field, body) => {
    const target = await startTarget()
    expect(await call(target, [field], body)).toBe(200)
    expect(last(target)?.['report_only']).toEqual([reason])
  })

  it.each(contradictions)('are refused as %s for %s if enforced', async (reason, field, body) => {
    const target = await startTarget({ checks: { callIds: 'enforce' } })
    expect(await call(target, [field], body)).toBe(401)
    expect(last(target)?.['reason']).toBe(reason)
  })

  it('agree as Inngest sends them', async () => {
    const target = await startTarget({ checks: { callIds: 'enforce' } })
    const fields = [
      'X-Run-ID: run',
      'X-Inngest-Job-ID: j',
      'X-Inngest-Generation-ID: 1',
      'X-Inngest-Req-Version: 2',
      'X-Inngest-Step-ID: s',
    ]
    expect(await call(target, fields)).toBe(200)
    expect(last(target)?.['report_only']).toBeUndefined()
  })
})

describe('the id of the request', () => {
  it('is the signed one for the app, whatever a proxy wrote', async () => {
    const target = await startTarget({ checks: { callIds: 'enforce' } })
    expect(await call(target, ['X-Request-ID: of-envoy'])).toBe(200)
    const signed = `signed-${String(serial)}`
    expect(target.upstream.seen[0]?.fields['x-request-id']).toEqual([signed])
    expect(last(target)).toMatchObject({ request_id: 'of-envoy', signed_request_id: signed })
  })

  it('stays as sent where the signed one is no plain id', async () => {
    const target = await startTarget()
    const body = '{"ctx":{"request_id":"a b","run_id":"run"},"version":2}'
    expect(await call(target, ['X-Request-ID: of-envoy'], body)).toBe(200)
    expect(target.upstream.seen[0]?.fields['x-request-id']).toEqual(['of-envoy'])
  })
})

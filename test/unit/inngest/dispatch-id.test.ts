import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Body } from '../../../gateway/inngest/body.ts'
import { canonicalizeJson } from '../../../gateway/inngest/jcs/canonical-json.ts'
import { carriesDispatchId, lacksDispatchId } from '../../../gateway/inngest/dispatch-id.ts'

interface Ctx {
  readonly request_id?: unknown
  readonly qi_id?: unknown
}

/** As the whole of the body says it. */
function isThere({ request_id, qi_id }: Ctx): boolean {
  if (typeof request_id === 'string' && request_id !== '') return true
  return typeof qi_id === 'string' && qi_id !== '' && qi_id !== 'Ojo='
}

const scalar = fc.oneof(
  fc.constantFrom('', 'Ojo=', 'Ojo=a', 'a"b', '\\', '","request_id":"x', '}'),
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
)

it('finds in the first members what JSON.parse finds in the whole', () => {
  const names = fc.constantFrom('attempt', 'env', 'fn_id', 'qi_id', 'request_id', 'run_id', 'zz')
  fc.assert(
    fc.property(fc.dictionary(names, scalar), (ctx) => {
      const canonical = canonicalizeJson(Buffer.from(JSON.stringify({ ctx, event: {} })))
      expect(canonical).toBeDefined()
      expect(carriesDispatchId(Body.of(canonical ?? Buffer.of()))).toBe(isThere(ctx))
    }),
    { numRuns: 5000 },
  )
})

it.each([
  ['members that lie', `{"ctx":{"a":"${'\\"'.repeat(500)}`],
  ['a number that goes on', `{"ctx":{"a":${'1'.repeat(1100)}`],
  ['members without end', `{"ctx":{${'"a":1,'.repeat(300)}`],
])('takes no longer for %s than their length', (_, body) => {
  const before = process.threadCpuUsage()
  for (let i = 0; i < 200; i += 1) expect(carriesDispatchId(Body.of(Buffer.from(body)))).toBe(false)
  // An expression that backtracks would take minutes.
  const { user, system } = process.threadCpuUsage(before)
  expect(user + system).toBeLessThan(5_000_000)
})

describe('lacksDispatchId', () => {
  const lacks = (json: string) => {
    const canonical = canonicalizeJson(Buffer.from(json))
    expect(canonical).toBeDefined()
    return lacksDispatchId(canonical ?? Buffer.of())
  }

  it('finds what JSON.parse finds, wherever it is', () => {
    const id = fc.constantFrom('', 'Ojo=', 'MmU=', '01M8', null, 1, false, {}, [])
    const ids = fc.record({ request_id: id, qi_id: id }, { requiredKeys: [] })
    const others = fc.dictionary(
      fc.oneof(
        fc.constantFrom('attempt', 'Env', 'runId', 'ctx', 'qi', 'qi_id_', 'zz'),
        fc.string(),
      ),
      fc.jsonValue({ maxDepth: 2 }),
    )
    fc.assert(
      fc.property(others, others, ids, (around, inside, own) => {
        const ctx: Record<string, unknown> = { ...inside }
        delete ctx['request_id']
        delete ctx['qi_id']
        Object.assign(ctx, own)
        const noRequest = [undefined, null, '']
        const expected =
          noRequest.includes(own.request_id as string) &&
          [...noRequest, 'Ojo='].includes(own.qi_id as string)
        // __proto__ of a literal would not be a member.
        const text = JSON.stringify({ ...around, ctx })
        expect(lacks(text)).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['a body without ctx', '{"url":"https://app.example.com/api/inngest"}'],
    ['a ctx that is no object', '{"ctx":[]}'],
    ['a body that is no object', '[]'],
    ['nothing', '""'],
    ['an id in another case', '{"ctx":{"QI_ID":"MmU=","run_id":"r"}}'],
    ['an id with a long s', '{"ctx":{"reque\u017ft_id":"x","run_id":"r"}}'],
    ['a second ctx in another case', '{"CTX":{"qi_id":"MmU="},"ctx":{"run_id":"r"}}'],
    ['members beyond reach', `{"aaa":"${'x'.repeat(65_536)}","ctx":{"run_id":"r"}}`],
    ['escapes up to the end of reach', `{"a":"${'\\n'.repeat(32_766)}","ctx":{"run_id":"r"}}`],
  ])('does not say so of %s', (_, body) => {
    expect(lacks(body)).toBe(false)
  })

  it('says so of a long call without an id', () => {
    const events = `"events":[{"data":"${'x'.repeat(200_000)}"}]`
    expect(lacks(`{"ctx":{"attempt":0,"qi_id":"Ojo=","run_id":"r"},${events}}`)).toBe(true)
    const stack = `"stack":{"current":0,"stack":["${'x'.repeat(200_000)}"]}`
    expect(lacks(`{"ctx":{"attempt":0,"run_id":"r",${stack}}}`)).toBe(true)
  })
})

import fc from 'fast-check'
import { expect, it } from 'vitest'

import { Body } from '../../../gateway/body.ts'
import { canonicalizeJson } from '../../../gateway/inngest/canonical-json.ts'
import { carriesDispatchId } from '../../../gateway/inngest/dispatch-id.ts'

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

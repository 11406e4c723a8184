/** The fields of a request's log line that are read from its headers and its query. */
import { describe, expect, it } from 'vitest'

import { Facts } from '../../../gateway/admit/facts.ts'
import { callParameters } from '../../../gateway/inngest/call-parameters.ts'
import { logFields } from '../../../gateway/record/log-fields.ts'

const connection = { remoteAddress: '192.0.2.1', isEncrypted: false, proxied: undefined }

interface Made {
  readonly target?: string
  readonly rawHeaders?: readonly string[]
  readonly facts?: Partial<Facts>
}

function fieldsOf({ target = '/', rawHeaders = [], facts = {} }: Made) {
  const entry = {
    requestId: 'id',
    head: { method: 'POST', target, httpVersion: '1.1', rawHeaders, isUpgrade: false, connection },
    facts: Object.assign(new Facts(), facts),
    refusal: undefined,
    fault: undefined,
    status: 200,
    upstreamStatus: 200,
    diagnosis: undefined,
    durationMs: 1,
    upstreamDurationMs: undefined,
    endedMs: 0,
    endedMonotonicMs: 0,
  }
  return logFields(entry, 'admitted', 'none')
}

describe('the ids of a call', () => {
  const ids = { fn_id: 'shop fulfil', step_id: 'step' }
  const query = 'fnId=shop+fulfil&stepId=step'

  it('are those that the checks have read', () => {
    const facts = { parameters: callParameters(query) }
    expect(fieldsOf({ target: '/api', facts })).toMatchObject(ids)
  })

  it('are read from the query where no check has come that far', () => {
    expect(fieldsOf({ target: `/api?${query}` })).toMatchObject(ids)
  })
})

describe('the trace id', () => {
  const trace = '4c424e0802e8b67b0290c9d0f6fb65d0'
  const traceIdOf = (...values: string[]) =>
    fieldsOf({ rawHeaders: values.flatMap((value) => ['Traceparent', value]) }).trace_id

  it('is the second part of traceparent', () => {
    expect(traceIdOf(`00-${trace}-05db31942f4430de-01`)).toBe(trace)
    expect(traceIdOf(`cc-${trace}-05db31942f4430de-01-of a later version`)).toBe(trace)
  })

  it.each([
    [''],
    [trace],
    [`00-${trace}`],
    [`00-${trace.toUpperCase()}-05db31942f4430de-01`],
    [`00-${trace}0-05db31942f4430de-01`],
    [` 00-${trace}-05db31942f4430de-01`],
  ])('is not there if traceparent is not one: %j', (value) => {
    expect(traceIdOf(value)).toBeUndefined()
  })

  it('is not there without traceparent', () => {
    expect(traceIdOf()).toBeUndefined()
  })
})

it('has the text of clients in visible ASCII, without keys, and short', () => {
  const fields = fieldsOf({
    target: `/${'p'.repeat(300)}?fnId=signkey-prod-${'a'.repeat(32)}&stepId=%C3%A9%0a`,
    rawHeaders: ['Host', 'ex\u00e4mple', 'X-Run-Id', 'run\x7f'],
  })
  expect(fields).toMatchObject({
    path: `/${'p'.repeat(199)}`,
    fn_id: '[redacted]',
    step_id: '??',
    host: 'ex?mple',
    run_id: 'run?',
  })
})

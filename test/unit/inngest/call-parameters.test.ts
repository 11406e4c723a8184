import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { callParameters, isTrustProbe } from '../../../gateway/inngest/call-parameters.ts'

/** As the SDKs read them, from the URL of the request. */
function asSdk(query: string) {
  const { searchParams } = new URL(`http://app/api?${query}`)
  const [fnIds = [], stepIds = [], probes = []] = ['fnId', 'stepId', 'probe'].map((name) =>
    searchParams.getAll(name),
  )
  return {
    fnId: fnIds[0] ?? null,
    stepId: stepIds[0] ?? null,
    probe: probes[0] ?? null,
    deployId: searchParams.get('deployId'),
    isAmbiguous: [fnIds, stepIds, probes].some(({ length }) => length > 1),
  }
}

describe('callParameters', () => {
  it.each([
    'fnId=app-run&stepId=step',
    'fnId=a&fnId=b',
    'fnId=&fnId=',
    'fn%49d=a&stepId=b%26c',
    '?fnId=a',
    '?fnId=a&stepId=%20',
    'fnId',
    'fnId=a=b',
    '&&fnId=a&',
    'stepId=a+b',
    'stepId=%ff',
    '',
  ])('reads %j as an SDK does', (query) => {
    expect(callParameters(query)).toEqual(asSdk(query))
  })

  it('reads any query as an SDK does', () => {
    const part = fc.constantFrom(
      ...[
        'fnId',
        'stepId',
        'probe',
        'deployId',
        '=',
        '&',
        '?',
        'a',
        'trust',
        '%',
        '%3D',
        '%26',
        '+',
      ],
    )
    const query = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(query, (text) => {
        expect(callParameters(text)).toEqual(asSdk(text))
      }),
      { numRuns: 3000 },
    )
  })
})

it('takes no longer than a query is long', () => {
  const before = process.threadCpuUsage().user
  callParameters('&'.repeat(1_000_000))
  // Microseconds: tens of thousands are usual, and millions the square.
  expect(process.threadCpuUsage().user - before).toBeLessThan(1_000_000)
})

describe('isTrustProbe', () => {
  it.each([
    ['POST', 'probe=trust', true],
    ['POST', 'pro%62e=trust&x=1', true],
    ['POST', 'probe=tru%73t', true],
    ['PUT', 'probe=trust', false],
    ['GET', 'probe=trust', false],
    ['POST', 'probe=Trust', false],
    ['POST', 'probe=trust&fnId=f', false],
    ['POST', 'probe=trust&fnId=', false],
    ['POST', 'probe=trust&step%49d=s', false],
    ['POST', 'probe=trust&probe=trust', false],
    ['POST', 'probe=trust&probe', false],
    ['POST', 'probe', false],
    ['POST', '', false],
  ])('says of %s ?%s: %s', (method, query, expected) => {
    expect(isTrustProbe(method, callParameters(query))).toBe(expected)
  })
})

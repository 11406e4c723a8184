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
    isAmbiguous:
      [fnIds, stepIds, probes].some(({ length }) => length > 1) ||
      (probes.length > 0 && fnIds.length + stepIds.length > 0),
  }
}

/** Whether no name but the exact ones is like one of these. */
function isPlain(query: string): boolean {
  return [...new URLSearchParams(`?${query}`).keys()].every(
    (name) => /^(?:fnId|stepId|probe)$/.test(name) || !/fnid|stepid|probe/i.test(name),
  )
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
        const { isAmbiguous, ...read } = callParameters(text)
        const { isAmbiguous: isExpected, ...expected } = asSdk(text)
        expect(read).toEqual(expected)
        if (isExpected) expect(isAmbiguous).toBe(true)
        if (isPlain(text)) expect(isAmbiguous).toBe(isExpected)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('isAmbiguous', () => {
  // The lists and objects of qs, with which Express 4 reads queries, and of PHP and Rack; the letter cases of
  // ASP.NET; the separators of parsers from before the URL standard.
  it.each([
    'fnId[]=b&fnId=a',
    'fnId%5B%5D=b&fnId=a',
    'fnId[0]=b&fnId=a',
    'fnId[a][b]=b',
    '[fnId]=b',
    '%5BfnId%5D=b&fnId=a',
    'fnId.x=b',
    'fnId]=b',
    'fnid=b',
    'FNID=b&fnId=a',
    'StepId=b',
    'stepId[]=b',
    'probe[]=trust',
    'PROBE=trust',
    'pro%62e%5B%5D=trust',
    '+fnId=b',
    '%20fnId=b',
    'fnId%00=b',
    'fnId%20=b',
    'fnId=a;fnId=b',
    'x=1;fnId=b',
    'fnId=a;stepId[]=b',
  ])('is true of %s', (query) => {
    expect(callParameters(query).isAmbiguous).toBe(true)
  })

  it.each([
    'fnIds=b&fnId=a',
    'fnId_=b',
    'myfnId=b',
    'prober=1',
    'probe-id=1',
    'x[fnId]=1',
    'x=[fnId]',
    'x=fnId[]',
    'a=1;b=2&fnId=a',
    'fnId=a%3BfnId=b',
    'deployid=1',
  ])('is false of %s', (query) => {
    expect(callParameters(query).isAmbiguous).toBe(false)
  })
})

it.each(['&', ';', '[', ';fnId', ' '])('takes no longer than a query is long, of %j', (part) => {
  const before = process.threadCpuUsage().user
  callParameters(part.repeat(1_000_000))
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

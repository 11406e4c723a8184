import { describe, expect, it } from 'vitest'

import { checkFunctionId, lessonOf, pairKey } from '../../../../gateway/admit/checks/function-id.ts'
import { pass, refuse } from '../../../../gateway/admit/verdict.ts'

const UUID = '85fb1953-e46a-51dd-9c27-585df04059ac'

describe('pairKey', () => {
  it('is another one for each route and each function id', () => {
    const keys = [pairKey('a', UUID), pairKey('b', UUID), pairKey('a', 'other')]
    expect(new Set(keys).size).toBe(3)
  })

  it.each([undefined, '', 'a b', 'ä', 'x'.repeat(129)])('is undefined for the id %j', (id) => {
    expect(pairKey('a', id)).toBeUndefined()
  })
})

describe('checkFunctionId', () => {
  it.each([
    [undefined, 'shop-a', pass(undefined)],
    [{ fnId: 'shop-a', isKnown: true }, 'shop-a', pass(undefined)],
    [{ fnId: 'shop-a', isKnown: false }, 'shop-a', pass(undefined)],
    [{ fnId: 'shop-a', isKnown: true }, 'shop-b', refuse('function_id_mismatch')],
    [{ fnId: 'shop-a', isKnown: false }, 'shop-b', refuse('function_id_mismatch')],
    [{ fnId: 'shop-a', isKnown: true }, '', refuse('function_id_mismatch')],
    [{ fnId: 'shop-a', isKnown: true }, 'Shop-a', refuse('function_id_mismatch')],
  ])('compares the pair %j with %j', (pair, fnId, verdict) => {
    expect(checkFunctionId(pair, fnId)).toEqual(verdict)
  })
})

describe('lessonOf', () => {
  const call = { key: 'k', fnId: 'shop-a', runId: 'run' }

  it.each([
    [undefined],
    [{ fnId: 'shop-a', isKnown: true }],
    [{ fnId: 'shop-a', isKnown: false }],
    [{ fnId: 'shop-b', isKnown: false }],
  ])('is the call where the pair so far is %j', (pair) => {
    expect(lessonOf(pair, call)).toEqual(call)
  })

  it('is nothing where the call contradicts a known pair', () => {
    expect(lessonOf({ fnId: 'shop-b', isKnown: true }, call)).toBeUndefined()
  })

  it.each([
    { ...call, runId: undefined },
    { ...call, runId: '' },
    { ...call, runId: 'a b' },
    { ...call, fnId: 'x'.repeat(257) },
  ])('is nothing for %j', (odd) => {
    expect(lessonOf(undefined, odd)).toBeUndefined()
  })
})

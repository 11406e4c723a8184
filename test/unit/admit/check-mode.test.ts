import { describe, expect, it } from 'vitest'

import { isRelaxed } from '../../../gateway/admit/route-checks.ts'

describe('isRelaxed', () => {
  it.each([
    ['enforce', 'enforce', false],
    ['report', 'enforce', true],
    ['off', 'enforce', true],
    ['enforce', 'report', false],
    ['report', 'report', false],
    ['off', 'report', true],
  ] as const)('says of %s, where the default is %s: %s', (mode, byDefault, relaxed) => {
    expect(isRelaxed(mode, byDefault)).toBe(relaxed)
  })
})

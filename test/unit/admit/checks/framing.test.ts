import { describe, expect, it } from 'vitest'

import { checkFraming } from '../../../../gateway/admit/checks/framing.ts'
import { headOf } from '../../../support/head.ts'

describe('checkFraming', () => {
  const reasonOf = (rawHeaders: readonly string[], httpVersion = '1.1') => {
    const verdict = checkFraming(headOf({ rawHeaders, httpVersion }), 100)
    return verdict.ok ? 'pass' : verdict.reason
  }
  const chunked = ['Transfer-Encoding', 'chunked']
  const length = (value: string) => ['Content-Length', value]

  it.each([[[]], [length('0')], [length('123456789012345')], [chunked]])('passes %j', (headers) => {
    expect(reasonOf(headers)).toBe('pass')
  })

  it.each([
    [[...length('5'), ...length('6')]],
    [[...length('5'), ...length('5')]],
    [length('5, 5')],
    [length('+5')],
    [length('1234567890123456')],
    [[...length('5'), ...chunked]],
    [[...chunked, ...chunked]],
    [['Transfer-Encoding', 'gzip, chunked']],
  ])('finds %j ambiguous', (headers) => {
    expect(reasonOf(headers)).toBe('framing_ambiguous')
  })

  it('finds chunks in HTTP/1.0 ambiguous', () => {
    expect(reasonOf(chunked, '1.0')).toBe('framing_ambiguous')
  })
})

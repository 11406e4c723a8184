import { describe, expect, it } from 'vitest'

import { memoized } from '../../../gateway/admit/memoized.ts'

describe('what is remembered of a text', () => {
  it('is asked for once, whatever was said of it', () => {
    const { asked, judge } = counting()
    const said = memoized(judge)

    expect(['Host', 'Host', 'Via', 'Via'].map((name) => said(name))).toEqual([
      'host',
      'host',
      '',
      '',
    ])
    expect(asked).toEqual(['Host', 'Via'])
  })

  it('is of the text as sent, not of another spelling', () => {
    const { asked, judge } = counting()
    const said = memoized(judge)

    expect(['Host', 'HOST', 'host'].map((name) => said(name))).toEqual(['host', 'host', 'host'])
    expect(asked).toEqual(['Host', 'HOST', 'host'])
  })

  it('is bounded in number, and goes on remembering after a sender of many', () => {
    const { asked, judge } = counting()
    const said = memoized(judge)

    for (let i = 0; i < 100_000; i += 1) said(`x-${String(i)}`)
    asked.length = 0
    for (let i = 0; i < 3; i += 1) said('Host')
    for (let i = 0; i < 10_000; i += 1) said(`x-${String(i)}`)
    expect(asked.filter((name) => name === 'Host')).toHaveLength(1)
    expect(asked).toHaveLength(10_001)
  })

  it('is not kept of a long one', () => {
    const { asked, judge } = counting()
    const said = memoized(judge)
    const long = `x-${'a'.repeat(63)}`

    expect([long, long].map((name) => said(name))).toEqual(['', ''])
    expect(asked).toEqual([long, long])
  })

  it('is not kept where there was nothing to say', () => {
    let asked = 0
    const said = memoized((): string | undefined => {
      asked += 1
      return undefined
    })

    expect(['a', 'a'].map((text) => said(text))).toEqual([undefined, undefined])
    expect(asked).toBe(2)
  })
})

function counting() {
  const asked: string[] = []
  const judge = (name: string) => {
    asked.push(name)
    return name.toLowerCase() === 'host' ? 'host' : ''
  }
  return { asked, judge }
}

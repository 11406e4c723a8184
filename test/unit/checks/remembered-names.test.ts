import { describe, expect, it } from 'vitest'

import { rememberedByName } from '../../../gateway/checks/remembered-names.ts'

describe('what is remembered of a field name', () => {
  it('is asked for once, whatever was said of it', () => {
    const { asked, judge } = counting()
    const remembered = rememberedByName(judge)

    expect(['Host', 'Host', 'Via', 'Via'].map(remembered)).toEqual(['host', 'host', '', ''])
    expect(asked).toEqual(['Host', 'Via'])
  })

  it('is of the name as sent, not of another spelling', () => {
    const { asked, judge } = counting()
    const remembered = rememberedByName(judge)

    expect(['Host', 'HOST', 'host'].map(remembered)).toEqual(['host', 'host', 'host'])
    expect(asked).toEqual(['Host', 'HOST', 'host'])
  })

  it('is bounded in number, and goes on remembering after a sender of many names', () => {
    const { asked, judge } = counting()
    const remembered = rememberedByName(judge)

    for (let i = 0; i < 100_000; i += 1) remembered(`x-${String(i)}`)
    asked.length = 0
    for (let i = 0; i < 3; i += 1) remembered('Host')
    for (let i = 0; i < 10_000; i += 1) remembered(`x-${String(i)}`)
    expect(asked.filter((name) => name === 'Host')).toHaveLength(1)
    expect(asked).toHaveLength(10_001)
  })

  it('is not kept of a long name', () => {
    const { asked, judge } = counting()
    const remembered = rememberedByName(judge)
    const long = `x-${'a'.repeat(63)}`

    expect([long, long].map(remembered)).toEqual(['', ''])
    expect(asked).toEqual([long, long])
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

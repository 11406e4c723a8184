import { describe, expect, it } from 'vitest'

import { originOf, selfTimes, type Profile } from '../../../bench/self-times.ts'

function frame(functionName: string, url = '') {
  return { functionName, url, lineNumber: 0 }
}

const profile: Profile = {
  nodes: [
    { id: 1, callFrame: frame('start') },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('work') },
    { id: 4, callFrame: frame('(garbage collector)') },
  ],
  samples: [1, 2, 3, 3, 4],
  // The time after a sample stands with the next one.
  timeDeltas: [0, 100, 50, 30, 30],
}

describe('selfTimes', () => {
  it('shares out what was not idle', () => {
    expect(selfTimes(profile, 1000, ({ functionName }) => functionName)).toEqual([
      ['start', 100 / 160],
      ['work', 60 / 160],
      ['(garbage collector)', 0],
    ])
  })

  it('leaves out what came before the end that is looked at', () => {
    const [first, ...rest] = selfTimes(profile, 120, ({ functionName }) => functionName)
    expect(first).toEqual(['work', 1])
    expect(rest).toEqual([['(garbage collector)', 0]])
  })
})

describe('originOf', () => {
  it.each([
    [frame('(garbage collector)'), '(garbage collector)'],
    [frame('writev'), 'native, called from JavaScript'],
    [frame('a', 'node:_http_server'), 'node: http'],
    [frame('a', 'node:internal/streams/writable'), 'node: streams and net'],
    [frame('a', 'file:///x/node_modules/@ioredis/commands/a.js'), '@ioredis/commands'],
    [frame('a', 'file:///x/gateway/exchange/serve.ts'), 'gateway/exchange'],
    [frame('a', 'file:///x/gateway/admit/admit.ts'), 'gateway/admit'],
  ])('maps %j to %s', (callFrame, expected) => {
    expect(originOf(callFrame)).toBe(expected)
  })
})

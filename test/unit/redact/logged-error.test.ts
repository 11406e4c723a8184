import { describe, expect, it } from 'vitest'

import { loggedError } from '../../../gateway/redact/safe-text.ts'

describe('loggedError', () => {
  it('tells what an error says and what made it, and nothing else that is on it', () => {
    const reply = Object.assign(new TypeError('OOM'), { command: { args: ['secret'] } })
    const error = Object.assign(new Error('not asked', { cause: reply }), {
      code: 'E1',
      data: 'secret',
    })
    expect(loggedError(error)).toEqual({
      type: 'Error',
      code: 'E1',
      message: 'not asked',
      stack: expect.stringContaining('logged-error.test.ts') as string,
      causes: [
        { type: 'TypeError', message: 'OOM', stack: expect.stringContaining('OOM') as string },
      ],
    })
  })

  it('tells of each of several attempts', () => {
    const attempts = ['::1', '127.0.0.1'].map((at) => new Error(`connect ECONNREFUSED ${at}`))
    expect(loggedError(new AggregateError(attempts)).causes).toMatchObject([
      { message: 'connect ECONNREFUSED ::1' },
      { message: 'connect ECONNREFUSED 127.0.0.1' },
    ])
  })

  it('ends, however long or deep the error is', () => {
    const error = new Error('x'.repeat(1_000_000))
    error.cause = error
    expect(JSON.stringify(loggedError(error)).length).toBeLessThan(20_000)
    expect(loggedError(Symbol('odd'))).toEqual({ type: 'symbol', message: 'Symbol(odd)' })
    expect(loggedError(null)).toEqual({ type: 'object', message: 'null' })
  })
})

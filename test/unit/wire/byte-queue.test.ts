import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ByteQueue } from '../../../gateway/wire/byte-queue.ts'

const step = fc.oneof(
  fc
    .string({ unit: fc.constantFrom('a', 'b', '\r', '\n'), maxLength: 40 })
    .map((added) => ({ added })),
  fc.record({ taken: fc.nat(60) }),
  fc.record({ skipped: fc.nat(60) }),
)

describe('ByteQueue', () => {
  it('holds what was appended and not yet read, in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ByteQueue()
        let expected = ''
        for (const one of steps) {
          if ('added' in one) {
            queue.append(Buffer.from(one.added, 'latin1'))
            expected += one.added
          } else if ('taken' in one) {
            expect(queue.take(one.taken).toString('latin1')).toBe(expected.slice(0, one.taken))
            expected = expected.slice(one.taken)
          } else {
            queue.skip(one.skipped)
            expected = expected.slice(one.skipped)
          }
          expect(queue.length).toBe(expected.length)
          expect(queue.first()).toBe(expected === '' ? undefined : expected.charCodeAt(0))
          expect(queue.peekText(0, 1000)).toBe(expected)
          expect(queue.peekText(2, 3)).toBe(expected.slice(2, 5))
          expect(queue.indexOf(Buffer.from('\r\n'), 1)).toBe(expected.indexOf('\r\n', 1))
        }
      }),
    )
  })

  it('does not change what was taken when more is appended', () => {
    const queue = new ByteQueue()
    for (const text of ['ab', 'cd', 'ef']) queue.append(Buffer.from(text))
    const taken = queue.take(3)
    for (let i = 0; i < 3000; i += 1) queue.append(Buffer.from('xy'))
    expect(taken.toString()).toBe('abc')
  })

  it('copies nothing of a chunk that is read as it comes', () => {
    const queue = new ByteQueue()
    const chunk = Buffer.from('abc')
    queue.append(chunk)
    expect(queue.take(9)).toBe(chunk)
    queue.append(chunk)
    expect(queue.take(2).buffer).toBe(chunk.buffer)
  })
})

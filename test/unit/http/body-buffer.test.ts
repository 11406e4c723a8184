import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { BodyBuffer } from '../../../gateway/http/body-buffer.ts'

function fill(chunks: readonly Uint8Array[], most: number, room = Number.MAX_SAFE_INTEGER) {
  let reserved = 0
  const body = new BodyBuffer(most, (bytes) => {
    if (reserved + bytes > room) return false
    reserved += bytes
    return true
  })
  const isTaken = chunks.every((chunk) => body.append(Buffer.from(chunk)))
  return { body, isTaken, reserved }
}

describe('BodyBuffer', () => {
  it('holds what came, in order, and reserves no more than the most and no less than it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })), (chunks) => {
        const whole = Buffer.concat(chunks)
        const most = whole.length + 20
        const { body, isTaken, reserved } = fill(chunks, most)
        expect(isTaken).toBe(true)
        expect(body.bytes()).toEqual(whole)
        expect(reserved).toBeGreaterThanOrEqual(whole.length)
        expect(reserved).toBeLessThanOrEqual(Math.max(most, whole.length))
      }),
    )
  })

  it('keeps a body of one piece without a copy', () => {
    const chunk = Buffer.from('one piece')
    const body = new BodyBuffer(chunk.length, () => true)
    body.append(chunk)
    expect(body.bytes().buffer).toBe(chunk.buffer)
  })

  it('takes nothing for which there is no room', () => {
    const chunks = [Buffer.alloc(10), Buffer.alloc(10)]
    expect(fill(chunks, 20, 20).isTaken).toBe(true)
    expect(fill(chunks, 20, 19).isTaken).toBe(false)
    expect(fill(chunks, 20, 19).reserved).toBe(10)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { BodyBuffer, PIECE_OVERHEAD_BYTES } from '../../../gateway/exchange/body-buffer.ts'

function fill(pieces: readonly Uint8Array[], room = Number.MAX_SAFE_INTEGER) {
  let reserved = 0
  const body = new BodyBuffer({
    reserve: (bytes) => {
      if (reserved + bytes > room) return false
      reserved += bytes
      return true
    },
  })
  const isTaken = pieces.every((piece) => body.append(Buffer.from(piece)))
  return { body, isTaken, reserved }
}

describe('BodyBuffer', () => {
  it('holds what came, in order, and asks for it and for what each piece costs', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })), (pieces) => {
        const whole = Buffer.concat(pieces)
        const { body, isTaken, reserved } = fill(pieces)
        expect(isTaken).toBe(true)
        expect(Buffer.from(body.body().whole())).toEqual(whole)
        expect(body.length).toBe(whole.length)
        expect(reserved).toBe(whole.length + pieces.length * PIECE_OVERHEAD_BYTES)
      }),
    )
  })

  it('copies no pieces but short ones', () => {
    const [long, short] = [Buffer.alloc(4096, 'l'), Buffer.from('short')]
    const one = fill([short]).body.body()
    expect(one.pieces).toHaveLength(1)
    expect(fill([long, long]).body.body().pieces).toEqual([long, long])
    expect(fill([long, short]).body.body().pieces).toEqual([Buffer.concat([long, short])])
  })

  it('takes nothing for which there is no room', () => {
    const pieces = [Buffer.alloc(10), Buffer.alloc(10)]
    const room = 2 * (10 + PIECE_OVERHEAD_BYTES)
    expect(fill(pieces, room).isTaken).toBe(true)
    expect(fill(pieces, room - 1)).toMatchObject({ isTaken: false, reserved: room / 2 })
  })
})

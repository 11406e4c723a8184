/** PROXY headers: never a crash, never an address that the header does not hold, whatever the pieces. */
import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { parseAddress } from '../../gateway/ip/address.ts'
import { MAX_PROXY_HEADER_BYTES, parseProxyHeader } from '../../gateway/ip/proxy-protocol.ts'
import { fuzz, mutated } from '../support/fuzz.ts'

const port = fc.integer({ min: 0, max: 65_535 }).map(String)
const v1 = fc.oneof(
  fc.tuple(fc.ipV4(), fc.ipV4(), port, port).map((words) => `PROXY TCP4 ${words.join(' ')}\r\n`),
  fc.tuple(fc.ipV6(), fc.ipV6(), port, port).map((words) => `PROXY TCP6 ${words.join(' ')}\r\n`),
)

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const v2 = fc
  .tuple(
    fc.constantFrom(0x20, 0x21, 0x22, 0x11, 0x00),
    fc.constantFrom(0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0xff),
    fc.uint8Array({ maxLength: 60 }),
    fc.integer({ min: -3, max: 3 }),
  )
  .map(([command, family, block, off]) => {
    const length = Math.max(0, block.length + off)
    const head = [command, family, length >> 8, length & 0xff]
    return Buffer.concat([signature, Buffer.from(head), Buffer.from(block)])
  })

const anyHeader = fc.oneof(
  mutated(v1, ' \r\nP0:.').map((text) => Buffer.from(text, 'latin1')),
  v2,
  fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes)),
)

describe('a PROXY header', () => {
  it('gives, in version 1, its source address and where it ends', () => {
    fc.assert(
      fc.property(v1, fc.string(), (header, rest) => {
        const reading = parseProxyHeader(Buffer.from(header + rest, 'latin1'))
        const source = header.split(' ')[2]
        expect(reading).toEqual({
          state: 'complete',
          length: header.length,
          proxied: { sourceAddress: source },
        })
      }),
      fuzz(),
    )
  })

  it('never throws in any bytes, ends within bounds, and names a real address or none', () => {
    fc.assert(
      fc.property(anyHeader, (bytes) => {
        const reading = parseProxyHeader(bytes)
        if (reading.state !== 'complete') return
        expect(reading.length).toBeLessThanOrEqual(Math.min(bytes.length, MAX_PROXY_HEADER_BYTES))
        const { sourceAddress } = reading.proxied
        if (sourceAddress === undefined) return
        expect(isIP(sourceAddress)).not.toBe(0)
        expect(parseAddress(sourceAddress)).toBeDefined()
      }),
      fuzz(),
    )
  })

  it('says the same whole as in pieces: incomplete until the byte that decides', () => {
    fc.assert(
      fc.property(anyHeader, (bytes) => {
        const whole = parseProxyHeader(bytes)
        let decided: unknown
        for (let length = 0; length <= bytes.length && decided === undefined; length += 1) {
          const part = parseProxyHeader(bytes.subarray(0, length))
          if (part.state !== 'incomplete') decided = part
        }
        expect(JSON.stringify(decided ?? { state: 'incomplete' })).toBe(JSON.stringify(whole))
      }),
      fuzz(0.3),
    )
  })
})

/**
 * Filling the memory (threat D15): large bodies from many senders at once, each within its own
 * limit, announced or in chunks of one byte, which cost a naive reader a hundred bytes each:
 *
 *   Content-Length: 10485760\r\n\r\n…        Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\nx\r\n…
 */
import { describe, expect, it } from 'vitest'

import { callBytes, expectQuiet, gauge, startTarget, type Target } from '../support/attack.ts'
import { serveBeside } from '../support/good-client.ts'
import { statusOf } from '../support/raw.ts'

const MIB = 1_048_576

const headOf = (target: Target, framing: string) =>
  callBytes('', [framing, `X-Inngest-Signature: ${target.sign('x')}`])

describe('a body over the limit', () => {
  it('is refused unread if it is announced, and its client is informed', async () => {
    const target = await startTarget({ limits: { maxBodySize: '1MiB' } })
    const answer = await target.raw([
      headOf(target, `Content-Length: ${String(MIB + 1)}`),
      ...Array.from({ length: 16 }, () => Buffer.alloc(65_536)),
    ])
    expect(statusOf(answer)).toBe(413)
    expect(target.reasons()).toEqual(['body_too_large'])
  })

  it.each([
    [MIB, 401],
    [MIB + 1, 413],
  ])('is refused, of %i bytes in chunks, with %i', async (length, status) => {
    const target = await startTarget({ limits: { maxBodySize: '1MiB' } })
    const head = headOf(target, 'Transfer-Encoding: chunked\r\nConnection: close')
    const chunk = `${length.toString(16)}\r\n${'x'.repeat(length)}\r\n0\r\n\r\n`
    expect(statusOf(await target.raw([head, chunk]))).toBe(status)
    expect(target.upstream.bytes()).toBe('')
  })
})

describe('many large bodies at once', () => {
  it('stay under the cap on all bytes held, and an honest call is served beside them', async () => {
    const maxBufferedBytes = 8 * MIB
    const target = await startTarget({
      limits: { maxBodySize: '2MiB', maxBufferedSize: '8MiB', bodyIdleTimeout: '4s' },
    })
    const beside = serveBeside(target, '127.0.0.5')
    let highest = 0
    const look = setInterval(() => {
      void target.metrics().then((text) => {
        highest = Math.max(highest, gauge(text, 'buffered_bytes'))
      })
    }, 20)
    // Each sends all but the last byte, so that all are held at once.
    const body = Buffer.alloc(2 * MIB - 1)
    const attackers = Array.from({ length: 12 }, async () => {
      const head = headOf(target, `Content-Length: ${String(2 * MIB)}`)
      return statusOf(await target.raw([head, body], { from: '127.0.0.6', waitMs: 20_000 }))
    })
    const statuses = await Promise.all(attackers)
    clearInterval(look)
    const { asked, served, slowestMs } = await beside.stop()
    console.log(
      `large bodies: at most ${String(highest)} bytes held; honest ${String(served)} of ${String(asked)}, slowest ${slowestMs.toFixed(0)} ms`,
    )
    expect(highest).toBeGreaterThan(MIB)
    expect(highest).toBeLessThanOrEqual(maxBufferedBytes)
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(8)
    expect(statuses.every((status) => [408, 503].includes(status))).toBe(true)
    expect(served).toBe(asked)
    expect(gauge(await target.metrics(), 'buffered_bytes')).toBe(0)
    expect(target.reasons()).toContain('buffer_full')
  })

  it('cost the process no more than their bytes in chunks of one byte', async () => {
    const limits = { maxBodySize: '1MiB', maxBufferedSize: '16MiB' }
    const target = await startTarget({ limits })
    const before = process.memoryUsage()
    const chunks = '1\r\nx\r\n'.repeat(100_000)
    const unfinished = target.raw([headOf(target, 'Transfer-Encoding: chunked'), chunks])
    const held = async () => gauge(await target.metrics(), 'buffered_bytes')
    await expect.poll(held).toBeGreaterThanOrEqual(100_000)
    const after = process.memoryUsage()
    const grown = (after.heapUsed + after.external - before.heapUsed - before.external) / MIB
    console.log(`one-byte chunks: held with the process grown by ${grown.toFixed(1)} MiB`)
    // Each as a piece of its own would be counted with 513 bytes: 49 MiB.
    expect(await held()).toBeLessThan(MIB)
    await unfinished
    await expect.poll(() => target.reasons()).toEqual(['downstream_closed'])
    await expectQuiet(target)
  })
})

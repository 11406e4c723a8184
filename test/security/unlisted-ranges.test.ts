/**
 * Raising a false report of an unlisted range, or making the gateway work, with requests from addresses outside
 * the allowlist. Their bodies are read after the refusal, within a budget:
 *
 *   POST /api/inngest HTTP/1.1\r\nX-Inngest-Signature: t=…&s=…\r\nContent-Length: 60\r\n\r\n{"ctx":…
 */
import { describe, expect, it } from 'vitest'

import { callBytes, expectQuiet, freshBody, type Target } from '../support/attack.ts'
import { open, statusOf } from '../support/raw.ts'
import { fallbackKey, testKey } from '../support/test-gateway.ts'
import { forgedKey } from '../support/status-traffic.ts'
import {
  capture,
  expectReadings,
  listed,
  nextReading,
  readings,
  reportedRanges,
  sendFrom,
  sendMany,
  startUnlisted,
  unlisted,
  warnings,
  type Capture,
} from '../support/unlisted.ts'

/** What differs from one response to the next. */
const plain = (text: string) => text.replace(/^date: .*$/im, '')

const fieldsOf = ({ body, signature }: Capture, client = unlisted) => [
  `Content-Length: ${String(body.length)}`,
  `X-Inngest-Signature: ${signature}`,
  `X-Forwarded-For: ${client}`,
  'X-Request-Id: same',
]

/**
 * Sends a forged function call in one packet: if its body is read, that has ended when the response arrives.
 * @param change of the header lines.
 */
async function sendAtOnce(
  target: Target,
  change: (fields: string[]) => readonly string[] = (fields) => fields,
  call = capture(target, freshBody(), forgedKey),
): Promise<string> {
  const response = await target.raw(callBytes(call.body, change(fieldsOf(call))))
  expect(statusOf(response)).toBe(403)
  return response
}

describe('captured function calls from outside the allowlist', () => {
  it('do not count if they were admitted before', async () => {
    const target = await startUnlisted()
    for (let i = 0; i < 20; i += 1) {
      const call = capture(target)
      expect((await sendFrom(target, listed, call)).status).toBe(200)
      expect((await sendFrom(target, unlisted, call)).status).toBe(403)
      nextReading(target)
    }
    await expectReadings(target, { claimed: 20 })
    expect([warnings(target), await reportedRanges(target)]).toEqual([[], []])
  })

  it('do not count if the original is admitted a moment later', async () => {
    const target = await startUnlisted()
    const call = capture(target)
    expect((await sendFrom(target, unlisted, call)).status).toBe(403)
    expect((await sendFrom(target, listed, call)).status).toBe(200)
    await expectReadings(target, { claimed: 1 })
  })

  it('count once, wherever their copies come from', async () => {
    const target = await startUnlisted()
    const calls = Array.from({ length: 5 }, () => capture(target))
    for (let i = 0; i < 45; i += 1) {
      const client = i % 2 === 0 ? unlisted : `203.0.${String(i)}.1`
      await sendFrom(target, client, calls[i % calls.length] ?? capture(target))
      nextReading(target)
    }
    await expectReadings(target, { verified: 45 })
    expect(warnings(target)).toEqual([])
  })

  it('do not claim anything: the original is admitted', async () => {
    const target = await startUnlisted()
    const call = capture(target)
    await sendFrom(target, unlisted, call)
    await expectReadings(target, { verified: 1 })
    expect((await sendFrom(target, listed, call)).status).toBe(200)
  })
})

describe('forged function calls from outside the allowlist', () => {
  it('are read one in an interval, however many there are', async () => {
    const target = await startUnlisted()
    const flood = Array.from({ length: 200 }, (_, i) =>
      sendFrom(target, `203.${String(i % 250)}.1.1`, capture(target, freshBody(), forgedKey)),
    )
    expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toEqual(new Set([403]))
    expect(await readings(target)).toEqual({ mismatch: 1 })
    target.gateway.clock.monotonic += 999
    await sendFrom(target, '192.0.2.1', capture(target, freshBody(), forgedKey))
    expect(await readings(target)).toEqual({ mismatch: 1 })
    target.gateway.clock.monotonic += 1
    await sendFrom(target, '192.0.2.1', capture(target, freshBody(), forgedKey))
    expect(await readings(target)).toEqual({ mismatch: 2 })
    await expectQuiet(target)
  })

  it('leave the readings to other networks', async () => {
    const target = await startUnlisted()
    for (let i = 0; i < 20; i += 1) {
      for (let j = 0; j < 5; j += 1) {
        await sendFrom(target, '192.0.2.1', capture(target, freshBody(), forgedKey))
      }
      nextReading(target)
      await sendMany(target, 1)
    }
    await expect.poll(() => warnings(target), { timeout: 15_000 }).toHaveLength(1)
    expect((await readings(target))['mismatch']).toBeLessThan(8)
  })

  it('get the same response as without the reading', async () => {
    const responses: string[] = []
    for (const reportUnlisted of [false, true]) {
      const target = await startUnlisted({ inngestRanges: { reportUnlisted } })
      for (const key of [testKey, forgedKey]) {
        const call = capture(target, freshBody(), key)
        responses.push(await target.raw([callBytes('', fieldsOf(call)), call.body]))
        nextReading(target)
      }
      const results = Object.keys(await readings(target))
      expect(results.includes('mismatch')).toBe(reportUnlisted)
    }
    expect(new Set(responses.map(plain)).size).toBe(1)
    expect(statusOf(responses[0] ?? '')).toBe(403)
  })
})

describe('a body from outside the allowlist', () => {
  it.each([
    [262_144, { mismatch: 1 }],
    [262_145, {}],
  ])('is read if it is announced with at most 256 KiB: %i', async (bytes, expected) => {
    const target = await startUnlisted()
    await sendAtOnce(target, undefined, capture(target, 'x'.repeat(bytes), forgedKey))
    await expectReadings(target, expected)
    await expectQuiet(target)
    expect(await readings(target)).toEqual(expected)
  })

  it('is read up to a length if no length is announced', async () => {
    const target = await startUnlisted()
    const [, ...fields] = fieldsOf(capture(target))
    const head = callBytes('', [...fields, 'Transfer-Encoding: chunked'])
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    expect(statusOf(await target.raw([head, `${chunk.repeat(5)}0\r\n\r\n`]))).toBe(403)
    await expectReadings(target, { incomplete: 1 })
    await expectQuiet(target)
  })

  it('is not read if the client waits for a 100', async () => {
    const target = await startUnlisted()
    const response = await sendAtOnce(target, (fields) => [...fields, 'Expect: 100-continue'])
    expect(response).not.toContain('100 Continue')
    expect(await readings(target)).toEqual({})
    nextReading(target)
    await sendAtOnce(target)
    expect(await readings(target)).toEqual({ mismatch: 1 })
  })

  it('is given up with its connection, and holds nothing', async () => {
    const target = await startUnlisted()
    const call = capture(target)
    const socket = await open(target.gateway.port)
    socket.write(callBytes(call.body.slice(0, 10), fieldsOf(call)))
    await expectReadings(target, { incomplete: 1 })
    await expectQuiet(target)
    socket.destroy()
  })

  it('is the only one that is read at the time', async () => {
    const target = await startUnlisted()
    const call = capture(target)
    const socket = await open(target.gateway.port)
    socket.write(callBytes(call.body.slice(0, 10), fieldsOf(call)))
    await expect.poll(() => target.reasons()).toEqual(['client_not_allowed'])
    target.gateway.clock.monotonic += 5000
    await sendFrom(target, '192.0.2.1', capture(target, freshBody(), forgedKey))
    socket.write(call.body.slice(10))
    await expectReadings(target, { verified: 1 })
    socket.destroy()
  })

  it('never counts if it is empty, as the signature of a captured GET has it', async () => {
    const target = await startUnlisted()
    const empty = capture(target, '')
    await sendFrom(target, unlisted, empty)
    expect(await readings(target)).toEqual({})
    const [, ...fields] = fieldsOf(empty)
    await target.raw(callBytes('0\r\n\r\n', [...fields, 'Transfer-Encoding: chunked']))
    await expectReadings(target, { mismatch: 1 })
  })
})

describe('captured function calls that a store cannot know', () => {
  it('are not read where replay is off', async () => {
    const target = await startUnlisted({ checks: { replay: 'off' } })
    await sendAtOnce(target)
    expect(await readings(target)).toEqual({})
  })

  it('are not read where another route claims parallel steps by more than the MAC', async () => {
    const upstream = 'http://127.0.0.1:1'
    const signingKeys = [{ env: 'PRIMARY' }]
    const target = await startUnlisted({
      routes: [
        { name: 'new', upstream, signingKeys },
        { name: 'old', path: '/old', upstream, signingKeys, legacyServer: true },
      ],
    })
    await sendAtOnce(target)
    expect(await readings(target)).toEqual({})
  })

  it('are not read once they are no longer fresh', async () => {
    const target = await startUnlisted()
    const old = capture(target, freshBody(), forgedKey)
    target.gateway.clock.wallMs += 302_000
    await sendAtOnce(target, undefined, old)
    expect(await readings(target)).toEqual({})
  })
})

it('verifies with each key of the route', async () => {
  const target = await startUnlisted()
  await sendFrom(target, unlisted, capture(target, freshBody(), fallbackKey))
  await expectReadings(target, { verified: 1 })
})

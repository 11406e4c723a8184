/**
 * An app without end (threats D14, D15, D18): an app that was taken over, or is broken, sends what never
 * ends or reads nothing, so that the gateway collects it, or waits for it, on behalf of every client:
 *
 *   HTTP/1.1 200 OK\r\nX-A: b\r\nX-A: b\r\n…        HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 103 …
 *   Transfer-Encoding: chunked\r\n\r\n2;xxxx…       …0\r\n\r\nX-A: b\r\nX-A: b\r\n…
 */
import { describe, expect, it } from 'vitest'

import {
  connectRaw,
  expectNothingLeft,
  expectReasons,
  forEachKind,
  kinds,
  MIB,
  outcome,
  outcomesOf,
  startRawApp,
  startResponder,
  startScene,
} from '../support/bounds.ts'
import { drip, MOST_POURED, pour, type Poured } from '../support/flooding.ts'
import { patient } from '../support/gateway-process.ts'

/** Of each kind of request. */
const COUNT = 6

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`
const faults = (count: number, reason: unknown) => Array<unknown>(kinds.length * count).fill(reason)
const anyFault = expect.stringMatching(/^upstream_/) as unknown

/** What an app sends first, and then again and again. */
const endless: readonly (readonly [what: string, first: string, more: string, outcome: string])[] =
  [
    ['empty lines', '\r\n', '\r\n', '502'],
    ['a status line', ok.trimEnd(), 'K', '502'],
    ['one header', `${ok}X-A: `, 'b', '502'],
    ['headers', ok, 'X-A: b\r\n', '502'],
    ['interim responses', '', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', '502'],
    ['a chunk size', chunked, '0', 'cut'],
    ['a chunk extension', `${chunked}2;`, 'x', 'cut'],
    ['one trailer', `${chunked}2\r\nok\r\n0\r\nX-A: `, 'b', 'cut'],
    ['trailers', `${chunked}2\r\nok\r\n0\r\n`, 'X-A: b\r\n', 'cut'],
  ]

describe('an app that responds with an endless', () => {
  it.each(endless)('%s is disconnected', async (_, first, more, expected) => {
    const poured: Poured[] = []
    const app = await startResponder((socket) => {
      socket.write(first)
      poured.push(pour(socket, more))
    })
    const scene = await startScene(app)
    // An invalid body may also be found before the status was sent.
    const seen = (text: string) =>
      expected === 'cut' && outcome(text) === '502' ? 'cut' : outcome(text)
    const outcomes = await scene.withstand(() => outcomesOf(scene, COUNT, seen))
    expect(outcomes).toEqual(forEachKind(COUNT, expected))
    await expectNothingLeft(scene)
    await expectReasons(scene, faults(COUNT, anyFault))
    expect(app.sockets).toHaveLength(kinds.length * COUNT)
    // Not because the app came to an end.
    for (const { bytes } of poured) expect(bytes).toBeLessThan(MOST_POURED)
  })

  // The gaps between the bytes are shorter than any bound on silence.
  it('header section in single bytes is disconnected', async () => {
    const poured: Poured[] = []
    const app = await startResponder((socket) => {
      socket.write(`${ok}X-Large: ${'a'.repeat(15_000)}\r\n`)
      poured.push(drip(socket, `X-A: ${'b'.repeat(1000)}\r\n`))
    })
    const scene = await startScene(app)
    const outcomes = await scene.withstand(() => outcomesOf(scene, 1, outcome))
    expect(outcomes).toEqual(forEachKind(1, '502'))
    await expectNothingLeft(scene)
    await expectReasons(scene, faults(1, anyFault))
    for (const { bytes } of poured) expect(bytes).toBeLessThan(MIB)
  })
})

describe('an app that sends more behind its response', () => {
  const poison = `${ok}Content-Length: 6\r\n\r\npoison`

  it.each([
    ['bytes at once', 0, 'x'],
    ['responses at once', 0, poison],
    ['bytes on an idle connection', 50, 'x'],
    ['responses on an idle connection', 50, poison],
  ])('is disconnected, as %s, and no client gets them', async (_, delayMs, more) => {
    const poured: Poured[] = []
    const app = await startResponder((socket) => {
      const whole = `${ok}Content-Length: 2\r\n\r\nok`
      if (delayMs === 0) socket.write(whole + more)
      else socket.write(whole)
      setTimeout(() => poured.push(pour(socket, more)), delayMs)
    })
    const scene = await startScene(app)
    const isFlooded = async (count: number) => {
      await expect.poll(() => poured.length, patient).toBe(count)
      await expect.poll(() => app.openCount(), patient).toBe(0)
    }
    const texts = await scene.withstand(async () => {
      const received: string[] = []
      for (let round = 0; round < 3; round += 1) {
        for (const kind of ['an Inngest route', 'a passthrough route'] as const) {
          const client = await connectRaw(scene.gateway.port, scene.request(kind))
          received.push(await client.ended())
          await isFlooded(received.length)
        }
      }
      return received
    })
    for (const text of texts) expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/)
    for (const { bytes } of poured) expect(bytes).toBeLessThan(MOST_POURED)
    await expectNothingLeft(scene)
  })
})

it('gets the next request only behind its response', async () => {
  let responses = 0
  const early: number[] = []
  const app = await startRawApp((socket) => {
    let waiting = 0
    const respond = () => {
      waiting = 0
      responses += 1
      socket.write(`${ok}Content-Length: 2\r\n\r\nok`)
    }
    socket.on('data', (bytes) => {
      waiting += (bytes.toString('latin1').match(/^GET /gm) ?? []).length
      if (waiting > 1) early.push(waiting)
      setTimeout(respond, 50)
    })
  })
  const scene = await startScene(app)
  const get = 'GET /plain HTTP/1.1\r\nHost: a\r\n\r\n'
  const texts = await scene.withstand(async () => {
    const clients = Array.from({ length: 4 }, async () => {
      const bytes = get.repeat(9) + scene.request('a passthrough route')
      return (await connectRaw(scene.gateway.port, bytes)).ended()
    })
    return Promise.all(clients)
  })
  for (const text of texts) expect(text.match(/HTTP\/1\.1 200 /g)).toHaveLength(10)
  expect([early, responses]).toEqual([[], 40])
})

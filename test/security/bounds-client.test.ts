/**
 * A client without end (threats D14, D15): what a parser collects or skips is bounded by its content, not
 * only by time, or many clients fill the memory, or keep the gateway busy, for as long as they like:
 *
 *   GET / HTTP/1.1\r\nX-A: bbbb…        Transfer-Encoding: chunked\r\n\r\n0000…        1;xxxx…
 *   1;x=…\r\nx\r\n1;x=…\r\nx\r\n…       0\r\nX-A: b\r\nX-A: b\r\n…
 */
import { describe, expect, it } from 'vitest'

import { callBytes } from '../support/attack.ts'
import {
  connectRaw,
  expectNothingLeft,
  startRawApp,
  startResponder,
  startScene,
  untimed,
  type RawApp,
  type Scene,
} from '../support/bounds.ts'
import { drip, MOST_POURED, pour, type Poured } from '../support/flooding.ts'
import { patient } from '../support/gateway-process.ts'
import { statusOf } from '../support/raw.ts'

const ATTACKERS = 20

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const startApp = () => startResponder((socket) => socket.write(ok))

/** The statuses that `count` clients get which send `first`, and then `more` without end. */
async function attack(
  { gateway }: Scene,
  first: (i: number) => string,
  more: string,
  [count, send]: readonly [number, typeof pour] = [ATTACKERS, pour],
) {
  const poured: Poured[] = []
  const clients = Array.from({ length: count }, async (_, i) => {
    const client = await connectRaw(gateway.port, first(i))
    poured.push(send(client.socket, more))
    return statusOf(await client.ended())
  })
  return { statuses: await Promise.all(clients), poured }
}

async function expectRefused(
  scene: Scene,
  { statuses, poured }: Awaited<ReturnType<typeof attack>>,
  expected: readonly number[],
) {
  expect(statuses.filter((status) => !expected.includes(status))).toEqual([])
  for (const { bytes } of poured) expect(bytes).toBeLessThan(MOST_POURED)
  await expectNothingLeft(scene)
}

describe('a client whose request headers have an endless', () => {
  it.each([
    ['method', '', 'G'],
    ['target', 'GET /', 'a'],
    ['header name', 'GET / HTTP/1.1\r\nHost: a\r\n', 'X'],
    ['header value', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: ', 'b'],
    ['list of headers', 'GET / HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n'],
    ['number of empty lines before them', '', '\r\n'],
  ])('%s is refused', async (_, first, more) => {
    const scene = await startScene(await startApp(), { limits: untimed })
    const result = await scene.withstand(() => attack(scene, () => first, more))
    await expectRefused(scene, result, [400, 431])
    await expect.poll(scene.reasons, patient).toHaveLength(ATTACKERS)
    expect(scene.app.sockets).toHaveLength(0)
  })

  it('list of headers in single bytes is refused', async () => {
    const scene = await startScene(await startApp(), { limits: untimed })
    const first = 'GET / HTTP/1.1\r\nHost: a\r\n'
    const line = `X-A: ${'b'.repeat(1000)}\r\n`
    const result = await scene.withstand(() => attack(scene, () => first, line, [4, drip]))
    await expectRefused(scene, result, [431])
  })
})

const endless: readonly (readonly [what: string, first: string, more: string])[] = [
  ['chunk size', '', '0'],
  ['chunk extension', '1;', 'x'],
  ['trailer', '1\r\n{\r\n0\r\nX-A: ', 'b'],
  ['list of trailers', '1\r\n{\r\n0\r\n', 'X-A: b\r\n'],
]

const chunked = 'Transfer-Encoding: chunked'
const plainUpload = callBytes('', [chunked], 'POST /plain HTTP/1.1')

function signedUpload({ sign }: Scene, i: number): string {
  const signature = `X-Inngest-Signature: ${sign(`{"attacker":${String(i)}}`)}`
  return callBytes('', [chunked, signature], 'POST /signed HTTP/1.1')
}

/** The app got nothing that looks like a whole request. */
function expectNoneWhole(app: RawApp) {
  expect(app.received()).not.toContain('\r\n0\r\n\r\n')
}

describe('a client whose request body has an endless', () => {
  it.each(endless)('%s is refused on an Inngest route', async (_, first, more) => {
    const scene = await startScene(await startApp(), { limits: untimed })
    const begin = (i: number) => signedUpload(scene, i) + first
    const result = await scene.withstand(() => attack(scene, begin, more))
    await expectRefused(scene, result, [400, 413, 431])
    await expect.poll(scene.reasons, patient).toHaveLength(ATTACKERS)
    expect(scene.app.sockets).toHaveLength(0)
  })

  it.each(endless)('%s is refused on a passthrough route', async (_, first, more) => {
    // The app waits for the whole request, as most do.
    const scene = await startScene(await startRawApp(() => undefined), { limits: untimed })
    const result = await scene.withstand(() => attack(scene, () => plainUpload + first, more))
    await expectRefused(scene, result, [400, 413, 431])
    await expect.poll(scene.reasons, patient).toHaveLength(ATTACKERS)
    expectNoneWhole(scene.app)
  })

  // A thousand times as many bytes as the limit of a body would allow.
  it('number of chunk extensions is refused on an Inngest route', async () => {
    const limits = { ...untimed, maxBodySize: '1MiB' }
    const scene = await startScene(await startApp(), { limits })
    const chunk = `1;x=${'x'.repeat(4000)}\r\n \r\n`
    const begin = (i: number) => signedUpload(scene, i)
    const result = await scene.withstand(() => attack(scene, begin, chunk))
    await expectRefused(scene, result, [400, 413])
    expect(scene.app.sockets).toHaveLength(0)
  })
})

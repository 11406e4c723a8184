/**
 * Ending the sending side of a connection (threat D15; RFC 9112 9.6): a request that is complete gets its response,
 * and one that is not holds nothing, however they arrive:
 *
 *   POST /x HTTP/1.1 … Content-Length: 4\r\n\r\nbody FIN        POST /x HTTP/1.1 … Content-Length: 4\r\n\r\nbo FIN
 */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import { callBytes, expectQuiet, signedCall, startTarget } from '../support/attack.ts'
import { open } from '../support/raw.ts'

const startOpen = () =>
  startTarget((upstream) => ({
    routes: [
      { name: 'inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
      { name: 'app', policy: 'passthrough', upstream },
    ],
  }))

/** @returns what comes back to a client that sends `bytes` and its FIN. */
async function sendAndEnd(port: number, bytes: string): Promise<string> {
  const socket = await open(port, '127.0.0.1', true)
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  socket.end(bytes, 'latin1')
  await once(socket, 'close')
  return text
}

const statuses = (text: string) => text.match(/(?<=HTTP\/1\.1 )\d+/g)

const post = callBytes('body', ['Content-Length: 4'], 'POST /x HTTP/1.1')
const get = callBytes('', [], 'GET /x HTTP/1.1')

describe('a client that ends its side', () => {
  it.each([
    ['a passthrough request', post],
    [
      'a chunked one',
      callBytes('4\r\nbody\r\n0\r\n\r\n', ['Transfer-Encoding: chunked'], 'POST /x HTTP/1.1'),
    ],
  ])('gets its response behind %s with a body', async (_, bytes) => {
    const target = await startOpen()
    expect(statuses(await sendAndEnd(target.gateway.port, bytes))).toEqual(['200'])
    expect(target.upstream.seen.map(({ body }) => body)).toEqual(['body'])
    expect(target.reasons()).toEqual(['none'])
    await expectQuiet(target)
  })

  it('gets all responses behind several requests', async () => {
    const target = await startOpen()
    const call = signedCall(target).replace('Connection: close\r\n', '')
    const text = await sendAndEnd(target.gateway.port, get + post + call + get)
    expect(statuses(text)).toEqual(['200', '200', '200', '200'])
    expect(target.reasons()).toEqual(['none', 'none', 'none', 'none'])
    await expectQuiet(target)
  })

  it.each([
    ['headers', get + get.slice(0, -4), ['200', '400'], ['none', 'request_unparsable']],
    ['a streamed body', get + post.slice(0, -2), ['200'], ['none', 'downstream_closed']],
  ])('holds nothing within %s behind another request', async (_, bytes, expected, reasons) => {
    const target = await startOpen()
    expect(statuses(await sendAndEnd(target.gateway.port, bytes))).toEqual(expected)
    expect(target.reasons()).toEqual(reasons)
    await expectQuiet(target)
  })

  it('holds nothing within a signed body behind another request', async () => {
    const target = await startOpen()
    const text = await sendAndEnd(target.gateway.port, get + signedCall(target).slice(0, -2))
    expect(statuses(text)).toEqual(['200'])
    expect(target.reasons()).toEqual(['none', 'downstream_closed'])
    await expectQuiet(target)
  })
})

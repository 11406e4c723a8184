/** The body of a request that has got its response, read while the connection is being closed. */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import type { LateBodyHandler } from '../../../gateway/accept/linger.ts'
import type { ClientRequest } from '../../../gateway/accept/client-request.ts'
import { respond, startClientSide } from '../../support/client-side.ts'
import { open } from '../../support/raw.ts'

const head = (...headers: readonly string[]) =>
  `${['POST / HTTP/1.1', 'Host: a', ...headers].join('\r\n')}\r\n\r\n`

const aMoment = () => new Promise((resolve) => setTimeout(resolve, 30, 'nothing'))

/** What a handler got: pieces, then how it ended. */
function collector() {
  const got: string[] = []
  const { promise: ended, resolve } = Promise.withResolvers<string[]>()
  const end = (how: string) => () => {
    resolve([got.join(''), how])
  }
  const handler: LateBodyHandler = {
    onPiece: (bytes) => got.push(bytes.toString('latin1')),
    onEnd: end('complete'),
    onGone: end('gone'),
  }
  return { handler, ended }
}

/** Responds at once. @param isBefore whether the handler is there before the response is. */
async function start(isBefore = false) {
  const { handler, ended } = collector()
  const { promise: request, resolve } = Promise.withResolvers<ClientRequest>()
  const { port } = await startClientSide((received, response) => {
    if (isBefore) received.readLate(handler)
    respond(response, 'refused', 403)
    if (!isBefore) received.readLate(handler)
    resolve(received)
  })
  const socket = await open(port, undefined, true)
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  return { socket, ended, request, text: () => text }
}

describe('readLate', () => {
  it.each([true, false])('gets a body that came with the headers; set before: %s', async (set) => {
    const { socket, ended, text } = await start(set)
    socket.write(`${head('Content-Length: 4')}late`)
    expect(await ended).toEqual(['late', 'complete'])
    await once(socket, 'end')
    expect(text()).toMatch(/^HTTP\/1\.1 403[^]*refused$/)
    socket.destroy()
  })

  it('gets a body that comes after the response', async () => {
    const { socket, ended } = await start()
    socket.write(head('Content-Length: 10'))
    await once(socket, 'end')
    socket.write('after ')
    await aMoment()
    socket.write('that')
    expect(await ended).toEqual(['after that', 'complete'])
    socket.destroy()
  })

  it('gets a body in chunks, and nothing behind it', async () => {
    const { socket, ended } = await start()
    socket.write(head('Transfer-Encoding: chunked'))
    await once(socket, 'end')
    socket.write('3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await ended).toEqual(['abc', 'complete'])
    socket.destroy()
  })

  it('is gone if what comes is no body', async () => {
    const { socket, ended } = await start()
    socket.write(head('Transfer-Encoding: chunked'))
    await once(socket, 'end')
    socket.write('3\r\nabcdef')
    expect(await ended).toEqual(['abc', 'gone'])
    socket.destroy()
  })

  it('is gone when the connection closes', async () => {
    const { socket, ended } = await start()
    socket.write(`${head('Content-Length: 10')}begun`)
    await once(socket, 'end')
    socket.destroy()
    expect(await ended).toEqual(['begun', 'gone'])
  })

  it('gets nothing once it is turned off', async () => {
    const { socket, ended, request } = await start()
    socket.write(`${head('Content-Length: 10')}begun`)
    ;(await request).readLate(undefined)
    socket.end('.over')
    await once(socket, 'close')
    expect(await Promise.race([ended, aMoment()])).toBe('nothing')
  })
})

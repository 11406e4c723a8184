/** RFC 9112 9.6: a client may close its sending side and still read. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { bodyOf, respond, startClientSide } from '../../support/client-side.ts'
import { open } from '../../support/raw.ts'

const get = (target: string, ...headers: readonly string[]) =>
  `${[`GET ${target} HTTP/1.1`, 'Host: a', ...headers].join('\r\n')}\r\n\r\n`

const post = (body: string, ...headers: readonly string[]) =>
  `${['POST / HTTP/1.1', 'Host: a', `Content-Length: ${String(body.length)}`, ...headers].join('\r\n')}\r\n\r\n${body}`

const statusLines = (text: string) => text.match(/HTTP\/1\.1 \d{3}/g) ?? []

/** Everything that comes until the other side ends. */
async function textOf(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  await once(socket, 'end')
  return text
}

describe('a client that ends its side', () => {
  it('is gone before its request is complete', async () => {
    const outcome = Promise.withResolvers<unknown>()
    const { port } = await startClientSide((request) => {
      bodyOf(request).then(outcome.resolve, outcome.resolve)
    })
    const socket = await open(port, undefined, true)
    socket.end(post('{}').slice(0, -1))
    expect(await outcome.promise).toEqual(new Error('gone'))
    socket.destroy()
  })

  it('gets the response to a request whose body is read later', async () => {
    const { port } = await startClientSide((request, response) => {
      setTimeout(() => {
        void bodyOf(request).then((body) => {
          respond(response, body)
        })
      }, 50)
    })
    const socket = await open(port, undefined, true)
    socket.end(post('late'))
    expect(await textOf(socket)).toMatch(/late$/)
    socket.destroy()
  })

  it('gets a response and a 400 behind a complete request and part of another', async () => {
    const { port, unreadable } = await startClientSide((_, response) => {
      setTimeout(respond, 50, response, 'ok')
    })
    const socket = await open(port, undefined, true)
    socket.end(`${get('/')}GET / HT`)
    expect(statusLines(await textOf(socket))).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
    expect(unreadable).toEqual(['request_unparsable'])
    socket.destroy()
  })

  it('is gone within the body of a pipelined request', async () => {
    const outcomes: unknown[] = []
    const { port } = await startClientSide((request, response) => {
      void bodyOf(request).then(
        () => {
          setTimeout(respond, 50, response, 'ok')
        },
        (error: unknown) => outcomes.push(error),
      )
    })
    const socket = await open(port, undefined, true)
    socket.end(post('{}') + post('{}').slice(0, -1))
    expect(statusLines(await textOf(socket))).toEqual(['HTTP/1.1 200'])
    expect(outcomes).toEqual([new Error('gone')])
    socket.destroy()
  })

  it('gets a 400 within its headers', async () => {
    const { port, unreadable } = await startClientSide(() => undefined)
    const socket = await open(port, undefined, true)
    socket.end('GET / HTTP/1.1\r\nHost: a\r\n')
    expect(statusLines(await textOf(socket))).toEqual(['HTTP/1.1 400'])
    expect(unreadable).toEqual(['request_unparsable'])
  })

  it('has its connection closed between two requests', async () => {
    const {
      port,
      open: connections,
      unreadable,
    } = await startClientSide((_, response) => {
      respond(response, 'ok')
    })
    const socket = await open(port, undefined, true)
    socket.write(get('/'))
    await expect.poll(() => connections[0]?.isIdle && connections[0].hasServed).toBe(true)
    socket.end()
    await textOf(socket)
    await expect.poll(() => connections[0]?.socket.destroyed).toBe(true)
    expect(unreadable).toEqual([])
  })

  it('is gone before the app agreed to another protocol', async () => {
    const closed = Promise.withResolvers<undefined>()
    const { port } = await startClientSide((request, response) => {
      expect(request.head.isUpgrade).toBe(true)
      response.watcher = {
        onResponseClosed: () => {
          closed.resolve(undefined)
        },
      }
    })
    const socket = await open(port, undefined, true)
    socket.end(get('/', 'Connection: Upgrade', 'Upgrade: websocket'))
    await closed.promise
    socket.destroy()
  })
})

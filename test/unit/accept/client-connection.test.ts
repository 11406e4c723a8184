import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import type { ClientRequest } from '../../../gateway/accept/client-request.ts'
import type { ClientResponse } from '../../../gateway/accept/client-response.ts'
import { bodyOf, respond, startClientSide } from '../../support/client-side.ts'
import { open, sendRaw } from '../../support/raw.ts'

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

describe('pipelined requests', () => {
  it('are served one after the other, in the order in which they came', async () => {
    const served: string[] = []
    const waiting: (() => void)[] = []
    const { port } = await startClientSide(({ head }, response) => {
      served.push(head.target)
      waiting.push(() => {
        respond(response, head.target)
      })
    })
    const text = sendRaw(port, get('/1') + get('/2') + get('/3', 'Connection: close'))
    await expect.poll(() => served).toEqual(['/1'])
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (let i = 1; i <= 3; i += 1) {
      expect(served).toHaveLength(i)
      waiting[i - 1]?.()
      if (i < 3) await expect.poll(() => served).toHaveLength(i + 1)
    }
    expect((await text).match(/\/\d$|\/\d(?=HTTP)/g)).toEqual(['/1', '/2', '/3'])
  })

  it('wait in no more than 64 KiB and what one read takes, and the connection ends behind the response', async () => {
    const held = Promise.withResolvers<[ClientRequest, ClientResponse]>()
    const { port, open: connections } = await startClientSide((request, response) => {
      held.resolve([request, response])
    })
    const socket = await open(port)
    socket.write(get('/first'))
    const [request, response] = await held.promise
    socket.write(get('/next', `A: ${'x'.repeat(10_000)}`).repeat(200))
    const most = 65_536 * 2
    await expect.poll(() => connections[0]?.socket.isPaused()).toBe(true)
    expect(request.waitingBytes).toBeGreaterThanOrEqual(65_536)
    expect(request.waitingBytes).toBeLessThanOrEqual(most)
    respond(response, 'first')
    const text = await textOf(socket)
    expect(statusLines(text)).toHaveLength(1)
    expect(text).toContain('Connection: close')
    socket.destroy()
  })

  it('are not read behind a response that ends the connection', async () => {
    const served: string[] = []
    const { port, connections } = await startClientSide(({ head }, response) => {
      served.push(head.target)
      connections.areEnding = true
      respond(response, head.target)
    })
    const text = await sendRaw(port, get('/1') + get('/2'))
    expect([served, statusLines(text).length]).toEqual([['/1'], 1])
    expect(text).toContain('Connection: close')
  })

  it('are all served to a client that has ended its side', async () => {
    const { port } = await startClientSide(({ head }, response) => {
      setImmediate(respond, response, head.target)
    })
    const socket = await open(port, undefined, true)
    socket.end(get('/1') + get('/2') + get('/3'))
    expect(statusLines(await textOf(socket))).toHaveLength(3)
    socket.destroy()
  })
})

describe('a deadline', () => {
  it('ends a connection on which no whole head comes, with a reason', async () => {
    const { port, unreadable } = await startClientSide(() => undefined, { headersTimeoutMs: 50 })
    const text = await sendRaw(port, 'GET / HTTP/1.1\r\n')
    expect([unreadable, statusLines(text)]).toEqual([['headers_timeout'], ['HTTP/1.1 400']])
  })

  it('ends a connection that is idle behind a response, without a word', async () => {
    const { port, unreadable } = await startClientSide(
      (_, response) => {
        respond(response, 'ok')
      },
      { keepAliveTimeoutMs: 50 },
    )
    const text = await sendRaw(port, get('/'))
    expect([unreadable, statusLines(text)]).toEqual([[], ['HTTP/1.1 200']])
  })

  it('starts again for headers with the first byte of the next request', async () => {
    const {
      port,
      open: connections,
      unreadable,
    } = await startClientSide(
      (_, response) => {
        respond(response, 'ok')
      },
      { headersTimeoutMs: 50 },
    )
    const socket = await open(port)
    socket.write(get('/'))
    await expect.poll(() => connections[0]?.hasServed).toBe(true)
    socket.write('GET / HT')
    await textOf(socket)
    expect(unreadable).toEqual(['headers_timeout'])
  })

  it('is none while a request is served', async () => {
    const held = Promise.withResolvers<ClientResponse>()
    const { port, open: connections } = await startClientSide((_, response) => {
      held.resolve(response)
    })
    const text = sendRaw(port, get('/', 'Connection: close'))
    const response = await held.promise
    expect(connections[0]?.deadlineMs).toBe(Infinity)
    respond(response, 'ok')
    expect(statusLines(await text)).toEqual(['HTTP/1.1 200'])
  })
})

describe('a response before the body has come', () => {
  it('reaches a client that sends on, and the connection takes no other request', async () => {
    const served: string[] = []
    const { port, open: connections } = await startClientSide(({ head }, response) => {
      served.push(head.target)
      respond(response, 'early', 413)
    })
    const socket = await open(port, undefined, true)
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
    const text = textOf(socket)
    socket.write(`${'x'.repeat(1_000_000)}${get('/behind')}`)
    expect(await text).toContain('Connection: close')
    // It has ended its side, and still reads.
    expect([connections[0]?.isClosing, connections[0]?.socket.destroyed]).toEqual([true, false])
    socket.end()
    await expect.poll(() => connections[0]?.socket.destroyed).toBe(true)
    expect(served).toEqual(['/'])
  })

  it('is not waited behind for ever', async () => {
    const { port, open: connections } = await startClientSide((_, response) => {
      respond(response, 'early', 413)
    })
    const socket = await open(port, undefined, true)
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n')
    await textOf(socket)
    await expect.poll(() => connections[0]?.socket.destroyed).toBe(true)
    socket.destroy()
  })
})

describe('a body', () => {
  it('is asked for only when it is read, by one 100', async () => {
    const held = Promise.withResolvers<[ClientRequest, ClientResponse]>()
    const { port } = await startClientSide((request, response) => {
      held.resolve([request, response])
    })
    const socket = await open(port)
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => (text += part))
    socket.write(post('{}', 'Expect: 100-continue', 'Connection: close').slice(0, -2))
    const [request, response] = await held.promise
    expect(text).toBe('')
    const body = bodyOf(request)
    await expect.poll(() => text).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('{}')
    expect(await body).toBe('{}')
    respond(response, 'ok')
    await once(socket, 'end')
    expect(statusLines(text)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200'])
  })

  it('holds its client back while it is paused', async () => {
    const held = Promise.withResolvers<ClientRequest>()
    const { port, open: connections } = await startClientSide((request) => {
      request.read({
        onPiece: () => {
          request.pause()
        },
        onEnd: () => undefined,
        onInvalid: () => undefined,
        onGone: () => undefined,
      })
      held.resolve(request)
    })
    const socket = await open(port)
    socket.write(post('x'.repeat(2_000_000)))
    const request = await held.promise
    await expect.poll(() => connections[0]?.socket.isPaused()).toBe(true)
    expect(request.waitingBytes).toBeLessThanOrEqual(2 * 65_536)
    expect(request.isComplete).toBe(false)
    while (!request.isComplete) {
      request.resume()
      await new Promise(setImmediate)
    }
    socket.destroy()
  })

  it('is reported if it is no HTTP, and nothing more is read', async () => {
    const outcome = Promise.withResolvers<unknown>()
    const { port } = await startClientSide((request) => {
      bodyOf(request).then(outcome.resolve, outcome.resolve)
    })
    const socket = await open(port)
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nX\r\n')
    expect(await outcome.promise).toEqual(new Error('invalid'))
    socket.destroy()
  })
})

describe('what is no HTTP', () => {
  it.each([
    ['\x16\x03\x01\x00\x05\r\n\r\n', 'request_unparsable'],
    ['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n\r\n', 'proxy_header_unexpected'],
    [`GET / HTTP/1.1\r\nHost: a\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`, 'headers_too_large'],
  ])('%j is unreadable: %s', async (bytes, reason) => {
    const { port, unreadable } = await startClientSide(() => undefined)
    const text = await sendRaw(port, bytes)
    expect([unreadable, statusLines(text)]).toEqual([[reason], ['HTTP/1.1 400']])
  })
})

import { describe, expect, it } from 'vitest'

import { sendCall, startPool } from '../../support/app-side.ts'
import { ok, startScriptedApp } from '../../support/scripted-app.ts'

const POST = { method: 'POST', body: [Buffer.from('body')] }
const POST_HEAD = 'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\n'

/** An app whose second request finds its connection closed. */
async function startClosing() {
  const app = await startScriptedApp((socket, _, index) => {
    if (index === 1) socket.destroy()
    else socket.write(ok('hi').slice(0, index === 0 ? undefined : -2))
  })
  const { pool } = startPool(app.url)
  await sendCall(pool).ended
  return { app, pool }
}

describe('a call on a kept connection that the app has closed', () => {
  it.each(['GET', 'HEAD'])('is sent once more if it is a %s', async (method) => {
    const { app, pool } = await startClosing()
    const { events } = sendCall(pool, { method })
    await expect.poll(() => events).toContain('200')
    expect([app.seen.length, app.connectionsEver]).toEqual([3, 2])
  })

  it.each([
    ['a POST', { ...POST, head: POST_HEAD }],
    ['a GET with a body', { ...POST, method: 'GET', head: POST_HEAD.replace('POST', 'GET') }],
    ['a POST without a body', { method: 'POST' }],
  ])('is not if it is %s', async (_, request) => {
    const { app, pool } = await startClosing()
    expect(await sendCall(pool, request).ended).toBe('upstream_reset')
    expect(app.seen).toHaveLength(2)
  })

  it('is not if the app has begun to respond', async () => {
    const app = await startScriptedApp((socket, _, index) => {
      if (index === 0) socket.write(ok('hi'))
      else socket.end('HTTP/1.1 2')
    })
    const { pool } = startPool(app.url)
    await sendCall(pool).ended
    expect(await sendCall(pool).ended).toBe('upstream_reset')
    expect(app.seen).toHaveLength(2)
  })
})

it('does not send a call on a fresh connection again', async () => {
  const app = await startScriptedApp((socket) => socket.destroy())
  expect(await sendCall(startPool(app.url).pool).ended).toBe('upstream_reset')
  expect(app.seen).toHaveLength(1)
})

describe('bytes that belong to no response', () => {
  it('end the connection if they are behind one, which counts', async () => {
    const app = await startScriptedApp((socket) => socket.write(`${ok('hi')}HTTP/1.1 200 OK\r\n`))
    const started = startPool(app.url)
    const { ended, events } = sendCall(started.pool)
    expect(await ended).toBe('end')
    expect(events).toEqual(['connected', '200', 'hi', 'end'])
    expect(started.unexpected).toBe(1)
    await expect.poll(() => app.sockets).toHaveLength(0)
  })

  it('end an idle connection, and never reach the next call', async () => {
    const app = await startScriptedApp((socket, _, index) => socket.write(ok(String(index))))
    const started = startPool(app.url)
    await sendCall(started.pool).ended
    app.sockets[0]?.write(ok('unexpected'))
    await expect.poll(() => started.unexpected).toBe(1)
    const { ended, events } = sendCall(started.pool)
    await ended
    expect(events).toEqual(['connected', '200', '1', 'end'])
    expect(app.connectionsEver).toBe(2)
  })
})

describe('a call that is paused', () => {
  it('gets a response that was complete before the app closed the connection', async () => {
    const app = await startScriptedApp((socket) =>
      socket.end('HTTP/1.1 200 OK\r\n\r\nup to the end', 'latin1'),
    )
    const { call, ended, events } = sendCall(startPool(app.url).pool)
    call.pause()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(events).toEqual(['connected'])
    call.resume()
    expect(await ended).toBe('end')
    expect(events).toEqual(['connected', '200', 'up to the end', 'end'])
  })

  it('fails only when it goes on if the connection broke within the response', async () => {
    const app = await startScriptedApp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi', 'latin1')
    })
    const { call, ended, events } = sendCall(startPool(app.url).pool)
    await expect.poll(() => events).toContain('hi')
    call.pause()
    app.sockets[0]?.resetAndDestroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(events).toEqual(['connected', '200', 'hi'])
    call.resume()
    expect(await ended).toBe('upstream_reset')
  })

  it('is not silent, however long it takes', async () => {
    const app = await startScriptedApp((socket) => socket.write(ok('hi')))
    const { call, ended } = sendCall(startPool(app.url, { responseTimeoutMs: 50 }).pool)
    call.pause()
    await new Promise((resolve) => setTimeout(resolve, 200))
    call.resume()
    expect(await ended).toBe('end')
  })
})

it('counts a response before the request is complete, and closes its connection', async () => {
  const app = await startScriptedApp(() => undefined)
  const head = 'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 9\r\n\r\n'
  const { pool } = startPool(app.url)
  const { call, ended, events } = sendCall(pool, { method: 'POST', head, body: 'streamed' })
  await expect.poll(() => events).toEqual(['connected'])
  call.write('half')
  await expect.poll(() => app.sockets[0]?.bytesRead).toBe(head.length + 4)
  app.sockets[0]?.write(ok('early'))
  expect(await ended).toBe('end')
  expect(events).toEqual(['connected', '200', 'early', 'end'])
  await expect.poll(() => app.sockets).toHaveLength(0)
})

describe('a response that cannot be read', () => {
  it.each([
    ['SSH-2.0-app\r\n', 'upstream_protocol'],
    ['HTTP/2 200 OK\r\n\r\n', 'upstream_protocol'],
    [`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(20_000)}`, 'upstream_headers_too_large'],
    ['HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'upstream_header_malformed'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n', 'upstream_framing_ambiguous'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n', 'upstream_body_malformed'],
    ['HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(30), 'upstream_too_many_interim'],
    ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n', 'upstream_upgrade_unexpected'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi', 'upstream_reset'],
  ])('%j is the fault %s', async (bytes, fault) => {
    const app = await startScriptedApp((socket) => socket.end(bytes, 'latin1'))
    expect(await sendCall(startPool(app.url).pool).ended).toBe(fault)
    await expect.poll(() => app.sockets).toHaveLength(0)
  })

  it('is a time-out if it does not come', async () => {
    const app = await startScriptedApp(() => undefined)
    const { pool } = startPool(app.url, { responseTimeoutMs: 50 })
    expect(await sendCall(pool).ended).toBe('upstream_timeout')
    await expect.poll(() => app.sockets).toHaveLength(0)
  })
})

it('gives a connection that has switched protocols to its caller, with what has come', async () => {
  const switched = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nfirst'
  const app = await startScriptedApp((socket) => socket.write(switched, 'latin1'))
  const { ended, events } = sendCall(startPool(app.url).pool, { mayUpgrade: true })
  expect(await ended).toBe('switched first')
  expect(events).toEqual(['connected', '101', 'switched first'])
})

it('closes the connection of a call that is aborted, and passes on nothing more', async () => {
  const app = await startScriptedApp((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi', 'latin1'),
  )
  const { call, events } = sendCall(startPool(app.url).pool)
  await expect.poll(() => events).toContain('hi')
  call.abort()
  await expect.poll(() => app.sockets).toHaveLength(0)
  expect(events).toEqual(['connected', '200', 'hi'])
})

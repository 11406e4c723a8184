import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'

import { afterEach, describe, expect, it } from 'vitest'

import { ListenerGroup } from '../../gateway/accept/listener-group.ts'
import { listeningSockets } from '../support/listening-sockets.ts'

const HOST = '127.0.0.1'
const BURST = 64
const open: (ListenerGroup | Socket)[] = []

afterEach(async () => {
  for (const each of open.splice(0)) {
    if (each instanceof ListenerGroup) await each.close()
    else each.destroy()
  }
})

async function openGroup(server: Server, port = 0): Promise<ListenerGroup> {
  const group = await ListenerGroup.open(server, { host: HOST, port })
  open.push(group)
  return group
}

function connectTo(port: number): Socket {
  const socket = connect(port, HOST).on('error', () => undefined)
  open.unshift(socket)
  return socket
}

/** So that all of the burst waits when the loop looks for the first time. */
function keepLoopBusy(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

describe('several listening sockets on one port', () => {
  it('takes several connections in one turn of the event loop', async () => {
    let accepted = 0
    const server = createServer().on('connection', () => (accepted += 1))
    const { port } = await openGroup(server)
    expect(listeningSockets(port)).toBe(32)
    for (let i = 0; i < BURST; i += 1) connectTo(port)
    // Addresses are looked up first.
    await new Promise(setImmediate)
    keepLoopBusy(50)
    let turns = 0
    while (accepted < BURST && turns < 1000) {
      await new Promise(setImmediate)
      turns += 1
    }
    expect(accepted).toBe(BURST)
    expect(turns).toBeLessThan(BURST / 2)
  })

  it('lets nobody else on its port, and then listens nowhere', async () => {
    const { port } = await openGroup(createServer())
    const second = createServer()
    await expect(ListenerGroup.open(second, { host: HOST, port })).rejects.toThrow('EADDRINUSE')
    expect([second.listening, listeningSockets(port)]).toEqual([false, 32])
  })

  it('takes the port that it was told, and again when it has been let go', async () => {
    const first = await ListenerGroup.open(createServer(), { host: HOST, port: 0 })
    await first.close()
    const again = await openGroup(createServer(), first.port)
    expect([again.port, listeningSockets(first.port)]).toEqual([first.port, 32])
  })

  it('is closed when every connection has ended, whoever took it', async () => {
    let [accepted, left] = [0, 0]
    const called = Promise.withResolvers<ServerResponse>()
    const server = createServer((_, response) => {
      called.resolve(response)
    }).on('connection', (socket) => {
      accepted += 1
      left += 1
      socket.on('close', () => (left -= 1))
    })
    const group = await openGroup(server)
    const clients = Array.from({ length: BURST }, () => connectTo(group.port))
    await expect.poll(() => accepted).toBe(BURST)
    clients[0]?.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const response = await called.promise
    let isClosed = false
    const closed = group.close().then(() => (isClosed = true))
    await expect(once(connectTo(group.port), 'connect')).rejects.toThrow('ECONNREFUSED')
    for (const client of clients.slice(1)) client.destroy()
    await expect.poll(() => left).toBe(1)
    expect(isClosed).toBe(false)
    response.end()
    await closed
    expect(listeningSockets(group.port)).toBe(0)
  })
})

import { once } from 'node:events'
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

async function openGroup(
  port = 0,
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<ListenerGroup> {
  const group = await ListenerGroup.open(
    { host: HOST, port },
    { allowHalfOpen: true, onConnection },
  )
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
    const { port } = await openGroup(0, (socket) => {
      accepted += 1
      socket.resume().on('end', () => socket.end())
    })
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
    const { port } = await openGroup()
    await expect(openGroup(port)).rejects.toThrow('EADDRINUSE')
    expect(listeningSockets(port)).toBe(32)
  })

  it('takes the port that it was told, and again when it has been let go', async () => {
    const first = await openGroup()
    await first.close()
    const again = await openGroup(first.port)
    expect([again.port, listeningSockets(first.port)]).toEqual([first.port, 32])
  })

  it('is closed when every connection has ended, whoever took it', async () => {
    const accepted: Socket[] = []
    const group = await openGroup(0, (socket) => {
      accepted.push(socket)
      socket.resume().on('error', () => undefined)
    })
    for (let i = 0; i < BURST; i += 1) connectTo(group.port)
    await expect.poll(() => accepted.length).toBe(BURST)
    let isClosed = false
    const closed = group.close().then(() => (isClosed = true))
    await expect(once(connectTo(group.port), 'connect')).rejects.toThrow('ECONNREFUSED')
    const [last, ...others] = accepted
    for (const socket of others) socket.destroy()
    await Promise.all(others.map((socket) => once(socket, 'close')))
    expect(isClosed).toBe(false)
    last?.destroy()
    await closed
    expect(listeningSockets(group.port)).toBe(0)
  })
})

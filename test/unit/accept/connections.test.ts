import { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'

import { Connections } from '../../../gateway/accept/connections.ts'
import { networkOf } from '../../../gateway/accept/network-counts.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

function addTo(connections: Connections): Socket {
  const socket = new Socket()
  sockets.push(socket)
  connections.add(socket, false)
  return socket
}

const refuseMany = (connections: Connections, count: number, from: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => connections.refuse(addTo(connections), from(i)))

describe('Connections.refuse', () => {
  it('takes a refused connection out of the count at once, answered or not', () => {
    const connections = new Connections()
    addTo(connections)
    refuseMany(connections, 30, () => '192.0.2.1')
    expect([connections.size, connections.held]).toEqual([31, 1])
  })

  it('grants an answer to 20 of one network and 100 in all, and again when they have closed', async () => {
    const connections = new Connections()
    const one = refuseMany(connections, 30, () => '192.0.2.1')
    expect(one.filter(Boolean)).toHaveLength(20)
    const sameSlash64 = refuseMany(connections, 30, (i) => `2001:db8::${String(i)}`)
    expect(sameSlash64.filter(Boolean)).toHaveLength(20)
    const others = refuseMany(connections, 100, (i) => `198.51.100.${String(i)}`)
    expect(others.filter(Boolean)).toHaveLength(60)
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
    expect([connections.size, connections.held]).toEqual([0, 0])
    expect(refuseMany(connections, 1, () => '192.0.2.1')).toEqual([true])
  })
})

describe('networkOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', networkOf('2001:db8::ffff:1')],
    // As Node gives the peer of a socket on two interfaces.
    ['fe80::1%eth0', networkOf('fe80::1')],
    ['fe80::2%eth1', networkOf('fe80::1%eth0')],
  ])('counts %s as %s', (text, network) => {
    expect(networkOf(text)).toBe(network)
  })
})

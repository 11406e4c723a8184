/**
 * Responds to the client of a Redis, a Sentinel or a cluster at moments that a real server reaches only for a
 * few milliseconds. It models these responses (RESP3) and nothing else.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

import { afterEach } from 'vitest'

export type Answer = (command: readonly string[], connection: Socket) => string | undefined

export const text = (value: string) => `$${String(Buffer.byteLength(value))}\r\n${value}\r\n`
export const list = (...values: string[]) =>
  `*${String(values.length)}\r\n${values.map(text).join('')}`
export const push = (...values: string[]) => list(...values).replace('*', '>')
export const NOTHING = '_\r\n'
export const OK = '+OK\r\n'

export const infoOf = (runId: string, role = 'master') =>
  text(
    ['run_id', runId, 'uptime_in_seconds', '1000', 'role', role, 'maxmemory', '0']
      .concat(['maxmemory_policy', 'noeviction', 'loading', '0'])
      .join('\r\n')
      .replace(/(\w+)\r\n(\w+)/g, '$1:$2'),
  )

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** @param answer the response to each command, by its lower-case name; undefined for none. */
export async function startScriptedRedis(answer: Answer): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    let received = ''
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      for (;;) {
        const { command, length } = readCommand(received)
        if (command === undefined) return
        received = received.slice(length)
        const said = ofEvery(command) ?? answer(command, socket)
        if (said !== undefined) socket.write(said)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

function ofEvery([name]: readonly string[]): string | undefined {
  if (name === 'hello') return '%1\r\n+proto\r\n:3\r\n'
  return name === 'client' || name === 'readonly' || name === 'readwrite' ? OK : undefined
}

/** The arguments here are never empty, and contain no line break. */
function readCommand(received: string): { command?: string[]; length: number } {
  const lines = received.split('\r\n')
  const count = Number(lines[0]?.slice(1))
  if (lines.length < 2 + 2 * count) return { length: 0 }
  const [name = '', ...rest] = Array.from({ length: count }, (_, i) => lines[2 + 2 * i] ?? '')
  const length = lines.slice(0, 1 + 2 * count).join('\r\n').length + 2
  return { command: [name.toLowerCase(), ...rest], length }
}

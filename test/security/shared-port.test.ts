/**
 * Two connections with one name (threat A10): behind a listener on every address, one peer may come
 * twice from the same port, to two of them. Told apart by the peer's address and port alone, what a
 * proxy said of the later client is believed of the earlier one as well:
 *
 *   10.0.0.1:40000 → 10.0.0.8:8080   PROXY TCP4 198.51.100.7 …   (not allowed)
 *   10.0.0.1:40000 → 10.0.0.9:8080   PROXY TCP4 192.0.2.10 …     (allowed)
 */
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { signedCall, startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

const ALLOWED = '192.0.2.10'
const STRANGER = '198.51.100.7'

async function open(port: number, host: string, localPort?: number): Promise<Socket> {
  const socket = connect({ port, host, localAddress: '127.0.0.1', localPort })
  await once(socket, 'connect')
  return socket
}

describe('a connection from the same port as another', () => {
  it('has a client of its own', async () => {
    const target = await startTarget({
      listen: { host: '0.0.0.0', port: 0, proxyProtocol: true },
      allowlist: [ALLOWED],
      trustedProxies: ['127.0.0.1'],
    })
    const { port } = target.gateway
    const first = await open(port, '127.0.0.1')
    const second = await open(port, '127.0.0.2', (first.address() as AddressInfo).port)
    first.write(`PROXY TCP4 ${STRANGER} 10.0.0.1 1 2\r\n`)
    second.write(`PROXY TCP4 ${ALLOWED} 10.0.0.1 1 2\r\n`)
    for (const [socket, status] of [
      [second, 200],
      [first, 403],
    ] as const) {
      socket.write(signedCall(target).replace('Connection: close\r\n', ''))
      const [answer] = (await once(socket, 'data')) as [Buffer]
      expect(statusOf(answer.toString())).toBe(status)
    }
    expect(target.gateway.logLines.map((line) => line['client_ip'])).toEqual([ALLOWED, STRANGER])
    first.destroy()
    second.destroy()
  })
})

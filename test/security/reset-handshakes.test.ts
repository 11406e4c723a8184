/**
 * Resets around the end of a TLS handshake (threat D18): the system no longer knows whose connection that was, so a
 * gateway that looks for it by its address has nothing to end it by, and keeps it for ever:
 *
 *   ClientHello … Finished RST        Finished, half a request, RST
 */
import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'

import { expectQuiet, startTarget, type Target } from '../support/attack.ts'
import { open } from '../support/raw.ts'

const fixture = (name: string) => `${process.cwd()}/test/fixtures/tls/${name}`

const tls = { certFile: fixture('cert.pem'), keyFile: fixture('key.pem') }

const ROUNDS = 12
const CLIENTS = 25

async function leave({ gateway }: Target, i: number): Promise<void> {
  const raw = await open(gateway.port)
  const socket = connectTls({ socket: raw, rejectUnauthorized: false })
  socket.on('error', () => undefined)
  if (i % 3 === 0) await sleep(i % 8)
  else await Promise.race([once(socket, 'secureConnect'), once(raw, 'close')])
  if (i % 2 === 0) socket.write('GET / HTTP/1.1\r\nHost')
  if (i % 5 < 2) await sleep(i % 4)
  if (i % 4 === 0) socket.end()
  raw.resetAndDestroy()
}

it('leaves none open of clients that reset their connections around a TLS handshake', async () => {
  const target = await startTarget({ listen: { host: '127.0.0.1', port: 0, tls } })
  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => leave(target, round + i)))
  }
  await expectQuiet(target)
  // Each is ended as what it is, and none is blamed on a proxy.
  expect(target.reasons()).not.toContain('client_unidentified')
})

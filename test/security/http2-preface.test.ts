/**
 * HTTP/2 (threat D22; CVE-2023-44487, CVE-2025-59465): its streams and resets have attacks of their own,
 * and Inngest does not speak it. It is neither offered over TLS nor accepted by prior knowledge.
 */
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { describe, expect, it } from 'vitest'

import { startTarget } from '../support/attack.ts'
import { statusOf } from '../support/raw.ts'

describe('HTTP/2', () => {
  it('is refused by prior knowledge', async () => {
    const target = await startTarget()
    expect(statusOf(await target.raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'))).toBe(
      400,
    )
    expect(target.reasons()).toEqual(['request_unparsable'])
  })

  it('is not offered over TLS', async () => {
    const files = { certFile: 'test/fixtures/tls/cert.pem', keyFile: 'test/fixtures/tls/key.pem' }
    const target = await startTarget({ listen: { host: '127.0.0.1', port: 0, tls: files } })
    const ca = readFileSync(files.certFile)
    const socket = connect({
      port: target.gateway.port,
      host: 'localhost',
      ca,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
  })
})

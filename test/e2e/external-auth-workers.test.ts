/** Several workers answer questions on one port, and spend a signature for all of them. */
import { describe, expect, it } from 'vitest'

import { freePort } from '../support/free-port.ts'
import { signCall, startWorkers } from '../support/gateway-process.ts'
import { send } from '../support/sender.ts'

const CLIENT = '127.0.0.5'

describe('several workers', () => {
  it('permit one of twenty questions about one call, and say where they listen', async () => {
    const port = await freePort()
    const gateway = await startWorkers('http://127.0.0.1:1', {
      allowlist: [CLIENT],
      trustedProxies: ['127.0.0.1/32'],
      externalAuth: { port, protocol: 'ext_authz' },
    })
    expect(gateway.log).toContainEqual(
      expect.objectContaining({ msg: 'started', externalAuth: `127.0.0.1:${String(port)}` }),
    )
    const { body, signature } = signCall()
    const headers = { 'x-forwarded-for': CLIENT, 'x-inngest-signature': signature }
    const ask = () => send({ port, headers, body })
    const answers = await Promise.all(Array.from({ length: 20 }, ask))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array<number>(19).fill(409)])
  })
})

/** Listeners that cannot be opened: the process ends, and says once which key is to blame. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'

import { runCli } from '../support/cli.ts'
import { processKey } from '../support/gateway-process.ts'
import { mountSecret } from '../support/secret-mount.ts'

const taken = createServer()
let port = 0
beforeAll(async () => {
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  port = (taken.address() as AddressInfo).port
})
afterAll(() => taken.close())

const free = { host: '127.0.0.1', port: 0 }

async function runWith(config: object) {
  const mount = mountSecret({
    'gateway.yaml': stringify({
      listen: free,
      ops: free,
      trustedProxies: ['127.0.0.1/32'],
      routes: [
        {
          name: 'app',
          upstream: 'http://127.0.0.1:1',
          signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }],
        },
      ],
      ...config,
    }),
  })
  const args = ['run', '--config', mount.fileOf('gateway.yaml')]
  return await runCli(args, { INNGEST_SIGNING_KEY: processKey })
}

describe.each([1, 2])('a listener that cannot be opened, with %i worker(s)', (workers) => {
  it.each(['listen', 'ops', 'externalAuth'])(
    'names the port of %s that is taken',
    async (section) => {
      const protocol = section === 'externalAuth' ? { protocol: 'ext_authz' } : {}
      const address = { host: '127.0.0.1', port, ...protocol }
      const { exitCode, stdout, stderr } = await runWith({ workers, [section]: address })
      expect(stderr).toBe(
        `could not start: ${section}.port: cannot listen on 127.0.0.1:${String(port)}: address already in use\n`,
      )
      expect(stdout).not.toContain('could not start')
      expect(exitCode).toBe(1)
    },
  )
})

describe('a listener that cannot be opened', () => {
  it('names the address of another machine', async () => {
    const { stderr } = await runWith({ listen: { host: '192.0.2.1', port: 81 } })
    expect(stderr).toBe(
      'could not start: listen.host: cannot listen on 192.0.2.1:81: not an address of this machine\n',
    )
  })

  it('names a host that is unknown', async () => {
    const { stderr } = await runWith({ listen: { host: 'nowhere.invalid', port: 81 } })
    expect(stderr).toMatch(
      /^could not start: listen\.host: cannot listen on nowhere\.invalid:81: no (?:such host|response from the name server)\n$/,
    )
  })
})

/** As process 1 of a container, to which the kernel delivers no signal that it has no handler for. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import { mountSecret } from '../support/secret-mount.ts'

const ofProcesses = ['--pid', '--fork', '--kill-child']
/** A user namespace is for ordinary users; root in a chroot can do without one only. */
const ways = [['--user', '--map-root-user', '--mount-proc', ...ofProcesses], ofProcesses]
const own = ways.find((way) => spawnSync('unshare', [...way, 'true']).status === 0)

/** Sends itself a signal while `run` is being loaded. */
const signalsItself = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, nextLoad) {
      if (url.endsWith('gateway/cli/run.ts')) process.kill(1, 'SIGTERM')
      return nextLoad(url, context)
    },
  })`)}`

describe.skipIf(own === undefined)('a gateway as process 1', () => {
  it('minds a signal that comes while it is being loaded', async () => {
    const mount = mountSecret({
      'gateway.yaml': `listen: { host: 127.0.0.1, port: 0 }
ops: { host: 127.0.0.1, port: 0 }
allowlist: [127.0.0.1]
shutdown: { delay: 0s }
routes: [{ name: app, upstream: "http://127.0.0.1:1", signingKeys: [{ env: KEY }] }]
`,
    })
    const run = ['gateway/main.ts', 'run', '--config', mount.fileOf('gateway.yaml')]
    const child = spawn(
      'unshare',
      [...(own ?? []), process.execPath, '--import', signalsItself, ...run],
      {
        env: { PATH: process.env['PATH'], KEY: 'signkey-test-12345678' },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
    const deadline = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const [code] = (await once(child, 'exit')) as [number | null]
    clearTimeout(deadline)
    // At once, or after a start that it could not interrupt.
    expect([128 + 15, 0]).toContain(code)
  })
})

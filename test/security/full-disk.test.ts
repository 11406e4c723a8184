/**
 * Filling the disk that the log goes to, one refusal a line. A gateway that cannot write its log must
 * neither end at the next line nor stand still trying:
 *
 *   inngest-gateway run … > /dev/full        write(1, …) = -1 ENOSPC
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'

import { freePort } from '../support/free-port.ts'
import { send } from '../support/sender.ts'

it.runIf(existsSync('/dev/full'))(
  'continues if a log cannot be written',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'gateway-full-'))
    const file = path.join(folder, 'gateway.yaml')
    const port = await freePort()
    writeFileSync(
      file,
      `listen: { host: 127.0.0.1, port: ${String(port)} }
ops: { host: 127.0.0.1, port: 0 }
shutdown: { delay: 0s }
routes: [{ name: app, upstream: "http://127.0.0.1:9", signingKeys: [{ env: KEY }] }]
`,
    )
    const child = spawn(process.execPath, ['gateway/main.ts', 'run', '--config', file], {
      env: { KEY: 'signkey-test-12345678123456781234567812345678' },
      stdio: ['ignore', openSync('/dev/full', 'w'), 'inherit'],
    })
    try {
      const statusOf = () =>
        send({ port }).then(
          ({ status }) => status,
          () => 0,
        )
      await expect.poll(statusOf, { timeout: 20_000 }).toBe(403)
      expect(await statusOf()).toBe(403)
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await exit).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  },
  60_000,
)

/** The traffic port of the real process, where a platform chooses it: `--port`, else the variable PORT. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'

import { runCli } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { processKey } from '../support/gateway-process.ts'
import { mountSecret } from '../support/secret-mount.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const file = (listen: string) =>
  mountSecret({
    'gateway.yaml': `listen: { host: 127.0.0.1${listen} }
ops: { host: 127.0.0.1, port: 0 }
allowlist: [127.0.0.1]
routes: [{ name: app, upstream: "http://127.0.0.1:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]
`,
  }).fileOf('gateway.yaml')

/** @returns where it listens, or undefined if it ends instead. */
async function listenOf(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['gateway/main.ts', 'run', ...args], {
    env: { INNGEST_SIGNING_KEY: processKey, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  ends.push(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, listen } = JSON.parse(line) as Record<string, unknown>
    if (msg === 'started') return listen
  }
  return undefined
}

describe('the process', () => {
  it('listens on the port of --port, whatever the file and PORT say', async () => {
    const port = String(await freePort())
    const args = ['--config', file(', port: 0'), '--port', port]
    expect(await listenOf(args, { PORT: '1' })).toBe(`127.0.0.1:${port}`)
  })

  it('listens on the port of PORT where the file names none', async () => {
    const PORT = String(await freePort())
    expect(await listenOf(['--config', file('')], { PORT })).toBe(`127.0.0.1:${PORT}`)
  })

  it.each(['run', 'validate', 'print-config'])(
    'is refused a --port that is none, in %s',
    async (command) => {
      const args = [command, '--config', file(''), '--port', 'http']
      const { exitCode, stderr } = await runCli(args, { INNGEST_SIGNING_KEY: processKey })
      expect(exitCode).toBe(2)
      expect(stderr).toContain('--port: expected a port from 0 to 65535, found "http"')
    },
  )
})

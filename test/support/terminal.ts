/** A command of the program on a pseudo-terminal, as an operator would run it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect } from 'vitest'
import { stringify } from 'yaml'

import { patient, processKey } from './gateway-process.ts'
import { mountSecret } from './secret-mount.ts'

export interface Terminal {
  /** The output so far, with lines ended by `\n`. */
  readonly output: () => string
  /** @returns the first match, once there is one. */
  readonly shown: (pattern: RegExp) => Promise<RegExpExecArray>
  /**
   * Types Ctrl-C.
   * @returns when all output has been shown.
   */
  readonly interrupt: () => Promise<void>
}

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

/** @param env of the command, in addition to PATH only. */
export function runOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Terminal {
  const command = [process.execPath, 'gateway/main.ts', ...args].map(quoted).join(' ')
  // `script` is util-linux's, and ends with the command.
  const child = spawn('script', ['-qfec', `exec ${command}`, '/dev/null'], {
    env: { PATH: process.env['PATH'], SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk.replaceAll('\r\n', '\n')
  })
  const shown = async (pattern: RegExp) => {
    await expect.poll(() => text, patient).toMatch(pattern)
    return pattern.exec(text) ?? expect.fail('it was shown a moment before')
  }
  // Input after the end of the command is lost.
  child.stdin.on('error', () => undefined)
  const interrupt = async () => {
    child.stdin.write('\x03')
    await closed
  }
  ends.push(interrupt)
  return { output: () => text, shown, interrupt }
}

/**
 * A gateway with an Inngest route and no app.
 * @param config merged over that of the route and listeners.
 */
export async function runGatewayOnTerminal(
  config: object = {},
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = { TERM: 'xterm' },
): Promise<Terminal & { readonly port: number }> {
  const base = {
    listen: { host: '127.0.0.1', port: 0 },
    ops: { host: '127.0.0.1', port: 0 },
    allowlist: ['127.0.0.0/8'],
    replay: { coldStart: 'accept' },
    shutdown: { delay: '0s' },
    routes: [
      {
        name: 'billing',
        upstream: 'http://127.0.0.1:1',
        signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }],
      },
    ],
  }
  const file = mountSecret({ 'gateway.yaml': stringify({ ...base, ...config }) })
  const terminal = runOnTerminal(['run', '--config', file.fileOf('gateway.yaml'), ...args], {
    INNGEST_SIGNING_KEY: processKey,
    ...env,
  })
  const [, port] = await terminal.shown(/ started(?:.|\n)* listen[= ]+127\.0\.0\.1:(\d+)/)
  return { ...terminal, port: Number(port) }
}

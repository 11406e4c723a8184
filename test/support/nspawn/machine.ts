/** A bare Debian, booted by systemd-nspawn, without a network but loopback and without Node. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { asRoot } from '../../programs/root.ts'
import type { Ended } from '../program.ts'

const FOLDER = 'test/support/nspawn'

export interface Machine {
  /**
   * Runs a script of Bash as root. Throws if it fails.
   * @returns its output.
   */
  run(script: string, input?: string | Buffer): string
  attempt(script: string, input?: string | Buffer): Ended
  stop(): Promise<void>
}

export async function bootMachine(): Promise<Machine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'machine-'))
  const [command = '', ...args] = asRoot('bash', `${FOLDER}/machine`, folder)
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const stderr = child.stderr.setEncoding('utf8').toArray()
  const closed = once(child, 'close')
  await Promise.race([once(createInterface({ input: child.stdout }), 'line'), closed])
  if (child.exitCode !== null) {
    throw new Error(`systemd-nspawn boots no Debian here: ${(await stderr).join('')}`)
  }
  const attempt: Machine['attempt'] = (script, input = '') => {
    const [inside = '', ...rest] = asRoot('bash', `${FOLDER}/inside`, folder, script)
    const { status, stdout, stderr: said } = spawnSync(inside, rest, { input, encoding: 'utf8' })
    return { code: status, said: stdout + said }
  }
  return {
    attempt,
    run: (script, input) => {
      const { code, said } = attempt(script, input)
      if (code !== 0) throw new Error(`${script}\nended with ${String(code)}: ${said}`)
      return said.trim()
    },
    stop: async () => {
      child.stdin.end()
      await closed
      rmSync(folder, { recursive: true })
    },
  }
}

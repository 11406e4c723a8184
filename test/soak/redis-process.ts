/** A real Redis that is restarted, with and without what it has stored, and emptied. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { freePort } from '../support/free-port.ts'

export class RedisProcess {
  readonly port: number
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'redis-soak-'))
  #child: ChildProcess | undefined

  private constructor(port: number) {
    this.port = port
  }

  static async start(): Promise<RedisProcess> {
    const redis = new RedisProcess(await freePort())
    await redis.start()
    return redis
  }

  async start(): Promise<void> {
    const at = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder]
    // Written to disk as it goes, and to the end when it is told to stop.
    const child = spawn('redis-server', [...at, '--save', '', '--appendonly', 'yes'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const lines = createInterface({ input: child.stdout })
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve()
      })
      child.once('error', reject).once('exit', () => {
        reject(new Error('redis-server ended'))
      })
    })
  }

  async terminate(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
  }

  /** To be called while it is not running. */
  loseAll(): void {
    rmSync(path.join(this.#folder, 'appendonlydir'), { recursive: true, force: true })
  }

  async flush(): Promise<void> {
    const socket = connect({ port: this.port, host: '127.0.0.1' })
    socket.write('FLUSHALL SYNC\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    if (!answer.toString().startsWith('+OK')) throw new Error(`FLUSHALL: ${answer.toString()}`)
  }

  async remove(): Promise<void> {
    await this.terminate()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

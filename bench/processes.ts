/** The processes of a run: started on a core of their own, watched, and ended by their id. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { accepts } from '../test/support/accepts.ts'

export interface Command {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface RunningProcess {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  readonly child: ChildProcess
}

const START_MS = 30_000
const STOP_MS = 5000

/** @param logFile takes what it writes. */
export function startPinned(
  name: string,
  core: number,
  { argv, env }: Command,
  logFile: string,
): RunningProcess {
  const log = openSync(logFile, 'a')
  // taskset becomes the program, so that its id is the program's.
  const child = spawn('taskset', ['-c', String(core), ...argv], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  })
  closeSync(log)
  if (child.pid === undefined) throw new Error(`${name} could not be started`)
  return { name, pid: child.pid, logFile, child }
}

export async function stop({ child }: RunningProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const isEnded = await Promise.race([ended.then(() => true), sleep(STOP_MS, false)])
  if (isEnded) return
  child.kill('SIGKILL')
  await ended
}

/** Every thread of this process, so that the bench itself keeps away from the proxies. */
export function pinThisProcess(core: number): void {
  spawnSync('taskset', ['-a', '-p', '-c', String(core), String(process.pid)])
}

/** @throws with what the process said, if it ends or takes too long. */
export async function untilListening(running: RunningProcess, port: number): Promise<void> {
  const deadline = Date.now() + START_MS
  while (!(await accepts(port))) {
    if (running.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`${running.name} did not start: ${readFileSync(running.logFile, 'utf8')}`)
    }
    await sleep(20)
  }
}

/** Starts what one cell needs, each candidate anew, so that none carries over memory from another cell. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Candidate } from './candidates.ts'
import type { Cell } from './cells.ts'
import {
  startPinned,
  stop,
  untilListening,
  type Command,
  type RunningProcess,
} from './processes.ts'
import type { Setting } from './run-cell.ts'
import { freePort } from '../test/support/free-port.ts'

export interface Contestant {
  readonly candidate: Candidate
  readonly port: number
  /** Undefined for the way without a proxy. */
  readonly process: RunningProcess | undefined
}

export interface RunningCell {
  readonly upstream: RunningProcess
  readonly contestants: readonly Contestant[]
}

export async function startCell(
  cell: Cell,
  candidates: readonly Candidate[],
  setting: Setting,
): Promise<RunningCell> {
  const { options, programs, folder } = setting
  const upstreamPort = await freePort()
  const command: Command = {
    argv: [programs.upstream],
    env: { BENCH_PORT: String(upstreamPort) },
  }
  const log = path.join(folder, 'upstream.log')
  const upstream = startPinned('upstream', options.cores.load, command, log)
  const contestants: Contestant[] = []
  try {
    await untilListening(upstream, upstreamPort)
    for (const candidate of candidates) {
      contestants.push(await startContestant(candidate, cell, upstreamPort, setting))
    }
    // A gateway refuses what was signed before it started.
    await sleep(2000)
    return { upstream, contestants }
  } catch (error) {
    await stopAll({ upstream, contestants })
    throw error
  }
}

async function startContestant(
  candidate: Candidate,
  cell: Cell,
  upstreamPort: number,
  { options, programs, folder }: Setting,
): Promise<Contestant> {
  if (candidate.start === undefined) return { candidate, port: upstreamPort, process: undefined }
  const [port, opsPort] = [await freePort(), await freePort()]
  const { goGateway } = programs
  const command = candidate.start({ port, opsPort, upstreamPort, cell, folder, goGateway })
  const log = path.join(folder, `${candidate.name}.log`)
  const process = startPinned(candidate.name, options.cores.proxy, command, log)
  try {
    await untilListening(process, port)
    return { candidate, port, process }
  } catch (error) {
    await stop(process)
    throw error
  }
}

export async function stopAll({ upstream, contestants }: RunningCell): Promise<void> {
  const running = contestants.map(({ process }) => process).filter((one) => one !== undefined)
  await Promise.all(running.map(stop))
  await stop(upstream)
}

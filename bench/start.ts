/**
 * What a start takes: CPU and time until a process is ready, and what it holds when idle. The ways take
 * turns, so that what else the machine does hits all alike.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { builtMain } from './built.ts'
import { BEFORE_WIRE, gatewayIn, ROOT, SOURCE, type StartContext } from './candidates.ts'
import { cellsNamed } from './cells.ts'
import { runCommand } from './command.ts'
import type { Options } from './options.ts'
import { scratchFolder } from './prepare.ts'
import { cpuMs, rssBytes } from './proc-stat.ts'
import { percentile } from './summary.ts'
import { markdown, targetTable } from './table.ts'
import { judgeStart, type StartCost } from './targets.ts'
import { freePort } from '../test/support/free-port.ts'

const USAGE = `npm run bench:start -- [options]
  --rounds N       starts of each way; 9 by default
  --cores A,B      of the gateway, and of this command; 0,1 by default
  --help`

const LOOK_EVERY_MS = 5
const LONGEST_MS = 60_000
/** Until what a start leaves to do later is done. */
const IDLE_MS = 1500

interface Way {
  readonly name: string
  readonly checkout: string
  readonly main: () => string
  readonly coldStart: 'accept' | 'refuse'
  readonly isCompiledBefore?: boolean
}

const built = { checkout: ROOT, main: builtMain, coldStart: 'accept' } as const
const source = { main: () => SOURCE, coldStart: 'accept' } as const

/** Judged are the first and `gateway`. Without the wait of a refused cold start, but for the last. */
const ways: readonly Way[] = [
  { ...source, name: 'before-wire', checkout: BEFORE_WIRE },
  { ...source, name: 'source', checkout: ROOT },
  { ...built, name: 'gateway' },
  { ...built, name: 'gateway, compiled before', isCompiledBefore: true },
  { ...built, name: 'gateway, cold start refused', coldStart: 'refuse' },
]

interface Start extends StartCost {
  /** From the spawn to the first 200 of /readyz. */
  readonly readyMs: number
}

async function startOnce(way: Way, folder: string, { cores }: Options): Promise<Start> {
  const [port, opsPort, upstreamPort] = [await freePort(), await freePort(), await freePort()]
  const [cell] = cellsNamed(['2k-canonical-keepalive-1'])
  if (cell === undefined) throw new Error('there is no such cell')
  const context: StartContext = { port, opsPort, upstreamPort, cell, folder, goGateway: '' }
  const settings = { replay: { coldStart: way.coldStart } }
  const { argv, env } = gatewayIn(way.checkout, way.main(), context, [], settings)
  const cache = way.isCompiledBefore ? { NODE_COMPILE_CACHE: path.join(folder, 'compiled') } : {}
  // Readiness waits for the end of a second: where in one it begins is left to chance.
  await sleep(Math.random() * 1000)
  const startedMs = performance.now()
  // taskset becomes the program, so that its id is the program's.
  const child = spawn('taskset', ['-c', String(cores.proxy), ...argv], {
    env: { PATH: process.env['PATH'], ...env, ...cache },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await untilReady(child, opsPort)
    const ready = { readyMs: performance.now() - startedMs, cpuMs: cpuMs(child.pid ?? 0) }
    await sleep(IDLE_MS)
    return { ...ready, rss: rssBytes(child.pid ?? 0) }
  } finally {
    child.kill('SIGINT')
    if (child.exitCode === null) await once(child, 'exit')
  }
}

async function untilReady(child: ChildProcess, opsPort: number): Promise<void> {
  const deadline = performance.now() + LONGEST_MS
  while (!(await isReady(opsPort))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('it did not start')
    await sleep(LOOK_EVERY_MS)
  }
}

async function isReady(opsPort: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${String(opsPort)}/readyz`).catch(() => undefined)
  await response?.text()
  return response?.status === 200
}

function median(starts: readonly Start[]): Start {
  const of = (part: keyof Start) =>
    percentile(
      starts.map((start) => start[part]),
      0.5,
    )
  return { readyMs: of('readyMs'), cpuMs: of('cpuMs'), rss: of('rss') }
}

function show(starts: ReadonlyMap<string, readonly Start[]>): void {
  const medians = new Map([...starts].map(([name, taken]) => [name, median(taken)]))
  const headings = ['medians', 'CPU to ready, ms', 'min–max', 'ready, ms', 'RSS idle, MB']
  const lines = [...medians].map(([name, { cpuMs, readyMs, rss }]) => {
    const all = (starts.get(name) ?? []).map((start) => start.cpuMs)
    const spread = [Math.min(...all), Math.max(...all)].map((value) => value.toFixed(0)).join('–')
    return [name, cpuMs.toFixed(0), spread, readyMs.toFixed(0), (rss / 1e6).toFixed(0)]
  })
  console.log(`${markdown([headings, ...lines])}\n`)
  console.log(targetTable(judgeStart(medians.get('gateway'), medians.get('before-wire'))))
}

async function measure(options: Options): Promise<void> {
  const folder = scratchFolder()
  try {
    mkdirSync(path.join(folder, 'compiled'))
    // What is compiled and read from the disk for the first time is nobody's usual start.
    for (const way of ways) await startOnce(way, folder, options)
    const starts = new Map<string, Start[]>(ways.map(({ name }) => [name, []]))
    for (let round = 0; round < options.rounds; round += 1) {
      for (const way of ways) starts.get(way.name)?.push(await startOnce(way, folder, options))
      options.onProgress(`${String(round + 1)} of ${String(options.rounds)} rounds`)
    }
    show(starts)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

await runCommand({ usage: USAGE, rounds: 9, run: measure })

/**
 * From the start of a process to the first connection that it takes, to the line that says so, and to
 * readiness. The ways take turns, so that what else the machine does hits all alike.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { gateway } from './candidates.ts'
import { cellsNamed } from './cells.ts'
import { runCommand } from './command.ts'
import type { Options } from './options.ts'
import { scratchFolder } from './prepare.ts'
import { threadCpuMs } from './proc-stat.ts'
import { percentile } from './summary.ts'
import { markdown } from './table.ts'
import { accepts } from '../test/support/accepts.ts'
import { freePort } from '../test/support/free-port.ts'

const USAGE = `npm run bench:startup -- [options]
  --rounds N       starts of each way; 5 by default
  --help`

const LOOK_EVERY_MS = 5
const LONGEST_MS = 30_000
const WANTED_MS = 500

interface Way {
  readonly name: string
  readonly coldStart: 'accept' | 'refuse'
  readonly isCompiledBefore: boolean
}

const ways: readonly Way[] = [
  { name: 'accept', coldStart: 'accept', isCompiledBefore: false },
  { name: 'refuse', coldStart: 'refuse', isCompiledBefore: false },
  { name: 'accept, compiled before', coldStart: 'accept', isCompiledBefore: true },
  { name: 'refuse, compiled before', coldStart: 'refuse', isCompiledBefore: true },
]

/** Milliseconds since the process was asked for. */
interface Start {
  readonly listening: number
  readonly started: number
  readonly ready: number
  /** Of the thread that starts, until it has. */
  readonly cpu: number
}

async function startOnce(way: Way, folder: string): Promise<Start> {
  const [port, opsPort, upstreamPort] = [await freePort(), await freePort(), await freePort()]
  const [cell] = cellsNamed(['2k-canonical-keepalive-1'])
  if (cell === undefined) throw new Error('there is no such cell')
  const context = { port, opsPort, upstreamPort, cell, folder, goGateway: '' }
  const { argv, env } = gateway(context, [], { replay: { coldStart: way.coldStart } })
  const [program = '', ...args] = argv
  const cache = way.isCompiledBefore ? { NODE_COMPILE_CACHE: path.join(folder, 'compiled') } : {}
  // Readiness waits for the end of a second: where in one it begins is left to chance.
  await sleep(Math.random() * 1000)
  const startedMs = performance.now()
  const since = () => performance.now() - startedMs
  const child = spawn(program, args, {
    env: { ...env, ...cache },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  const { pid = 0 } = child
  const said = once(child.stdout, 'data').then(() => ({ started: since(), cpu: threadCpuMs(pid) }))
  try {
    const listening = await until(() => accepts(port)).then(since)
    const ready = await until(() => isReady(opsPort)).then(since)
    return { listening, ready, ...(await said) }
  } finally {
    child.kill('SIGINT')
    await exit
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LONGEST_MS
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('the gateway did not start')
    await sleep(LOOK_EVERY_MS)
  }
}

async function isReady(opsPort: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${String(opsPort)}/readyz`).catch(() => undefined)
  await answer?.text()
  return answer?.status === 200
}

async function floor(): Promise<number> {
  const startedMs = performance.now()
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'inherit' }), 'exit')
  return performance.now() - startedMs
}

function show(floors: readonly number[], starts: ReadonlyMap<Way, readonly Start[]>): void {
  const median = (values: readonly number[]) => percentile(values, 0.5).toFixed(0)
  const headings = ['medians, ms', 'listening', '`started`', 'ready', 'of which waits', 'CPU']
  const lines = [...starts].map(([{ name }, taken]) => [
    name,
    median(taken.map(({ listening }) => listening)),
    median(taken.map(({ started }) => started)),
    median(taken.map(({ ready }) => ready)),
    median(taken.map(({ ready, started }) => Math.max(0, ready - started))),
    median(taken.map(({ cpu }) => cpu)),
  ])
  console.log(markdown([headings, ['`node -e 0`', median(floors)], ...lines]))
  for (const [{ name, coldStart }, taken] of starts) {
    if (coldStart === 'refuse') continue
    const isMet =
      percentile(
        taken.map(({ ready }) => ready),
        0.5,
      ) <= WANTED_MS
    console.log(`${name}: ready within ${String(WANTED_MS)} ms: ${isMet ? 'pass' : 'FAIL'}`)
  }
}

async function measure({ rounds }: Options): Promise<void> {
  const folder = scratchFolder()
  try {
    mkdirSync(path.join(folder, 'compiled'))
    // What is compiled and read from the disk for the first time is nobody's usual start.
    for (const way of ways) await startOnce(way, folder)
    const floors: number[] = []
    const starts = new Map<Way, Start[]>(ways.map((way) => [way, []]))
    for (let round = 0; round < rounds; round += 1) {
      floors.push(await floor())
      for (const [way, taken] of starts) taken.push(await startOnce(way, folder))
    }
    show(floors, starts)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

await runCommand({ usage: USAGE, run: measure })

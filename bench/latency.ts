/**
 * The latency of small requests that are sent at a fixed rate, however long the responses take: alone,
 * and with a request of 4 MB each second.
 */
import { rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import { canAnswer, candidates, type Candidate } from './candidates.ts'
import { cellsNamed, type Cell } from './cells.ts'
import { runCommand } from './command.ts'
import { phases, type Phase } from './latency-phases.ts'
import type { Options } from './options.ts'
import { post, type Call } from './post.ts'
import { buildGoPrograms, requirePrograms, scratchFolder } from './prepare.ts'
import { pinThisProcess } from './processes.ts'
import { SignedLoad } from './signed-load.ts'
import { startCell, stopAll } from './start-cell.ts'
import { percentile, spread } from './summary.ts'
import { markdown, rounded, targetTable } from './table.ts'
import { judgeLatency } from './targets.ts'

const COMPARED = ['direct', 'gateway', 'before-wire', 'bare', 'go-raw', 'go-jcs']
const SECONDS = 10
const SMALL_CELL = '2k-canonical-keepalive-64'

const USAGE = `npm run bench:latency -- [options]
  --without NAME   leave a candidate out, as often as needed; compared are ${COMPARED.join(', ')}
  --rounds N       5 by default, each of them ${String(phases.length * SECONDS)} seconds for a candidate
  --cores A,B      of the proxies, and of load generator and upstream; 0,1 by default
  --help`

/** Makes requests of one cell, each signed when it is made. */
type LoadOf = (cellName: string) => SignedLoad

/** @returns milliseconds of each small request. */
async function sendPhase(port: number, phase: Phase, loadOf: LoadOf): Promise<number[]> {
  const { smallPerSecond, largeCell } = phase
  // In turn, so that no connection is idle for as long as a server keeps it open.
  const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'fifo' })
  const requestsOf = (cellName: string, count: number) =>
    Array.from({ length: count }, () => loadOf(cellName).single())
  const small = requestsOf(SMALL_CELL, smallPerSecond * SECONDS)
  const large = largeCell === undefined ? [] : requestsOf(largeCell, SECONDS)
  const timed = async (request: Call) => {
    const startedMs = performance.now()
    const status = await post(port, request, agent)
    if (status !== 200) throw new Error(`a request of "${phase.name}" got ${String(status)}`)
    return performance.now() - startedMs
  }
  try {
    const [smallMs] = await Promise.all([
      atRate(small, smallPerSecond, timed),
      atRate(large, 1, timed),
    ])
    return smallMs
  } finally {
    agent.destroy()
  }
}

/** Starts each at its time, without waiting for those before it. */
async function atRate(
  requests: readonly Call[],
  perSecond: number,
  send: (request: Call) => Promise<number>,
): Promise<number[]> {
  const startMs = performance.now() + 100
  const sending = requests.map(async (request, i) => {
    await sleep(startMs + (i * 1000) / perSecond - performance.now())
    return send(request)
  })
  return Promise.all(sending)
}

interface Taken {
  readonly candidate: Candidate
  readonly port: number
  /** 99th percentiles, one a round. */
  readonly p99s: ReadonlyMap<Phase, number[]>
}

async function measure(options: Options): Promise<void> {
  const chosen = candidates.filter(
    ({ name }) => COMPARED.includes(name) && !options.without.includes(name),
  )
  requirePrograms(chosen)
  const folder = scratchFolder()
  try {
    const programs = buildGoPrograms(folder)
    pinThisProcess(options.cores.load)
    const running = await startCell(cellNamed(SMALL_CELL), chosen, { options, programs, folder })
    const taken = running.contestants.map(({ candidate, port }) => ({
      candidate,
      port,
      p99s: new Map(phasesOf(candidate).map((phase): [Phase, number[]] => [phase, []])),
    }))
    try {
      await takeRounds(taken, loadsIn(folder), options)
    } finally {
      await stopAll(running)
    }
    show(taken)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Phase by phase, so that what else the machine does affects all candidates alike. */
async function takeRounds(
  taken: readonly Taken[],
  loadOf: LoadOf,
  options: Options,
): Promise<void> {
  // The first round warms up, and does not count.
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const phase of phases) {
      for (const { candidate, port, p99s } of taken) {
        const ofPhase = p99s.get(phase)
        if (ofPhase === undefined) continue
        options.onProgress(`round ${String(round)}, ${phase.name}, ${candidate.name}`)
        const p99 = percentile(await sendPhase(port, phase, loadOf), 0.99)
        if (round > 0) ofPhase.push(p99)
      }
    }
  }
}

function phasesOf(candidate: Candidate): Phase[] {
  return phases.filter(
    ({ largeCell }) => largeCell === undefined || canAnswer(candidate, cellNamed(largeCell)),
  )
}

function loadsIn(folder: string): LoadOf {
  const loads = new Map<string, SignedLoad>()
  return (cellName) => {
    const load = loads.get(cellName) ?? new SignedLoad(cellNamed(cellName), folder)
    loads.set(cellName, load)
    return load
  }
}

function cellNamed(name: string): Cell {
  const [cell] = cellsNamed([name])
  if (cell === undefined) throw new Error(`no cell is called ${name}`)
  return cell
}

function show(taken: readonly Taken[]): void {
  const rows = taken.map(({ candidate, p99s }) => ({
    candidate: candidate.name,
    p99Ms: new Map([...p99s].map(([{ name }, values]) => [name, spread(values)?.median ?? NaN])),
  }))
  const lines = rows.map(({ candidate, p99Ms }) => [
    candidate,
    ...phases.map(({ name }) => {
      const p99 = p99Ms.get(name)
      return p99 === undefined ? '–' : rounded(p99)
    }),
  ])
  const headings = ['p99 in ms', ...phases.map(({ name }) => name)]
  console.log(`${markdown([headings, ...lines])}\n\n${targetTable(judgeLatency(rows))}`)
}

await runCommand({ usage: USAGE, run: measure })

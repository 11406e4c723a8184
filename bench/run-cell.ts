/** One cell: every candidate running at once, and each measured in turn, round after round. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'

import { canAnswer, type Candidate } from './candidates.ts'
import type { Cell } from './cells.ts'
import type { Options } from './options.ts'
import type { GoPrograms } from './prepare.ts'
import { probe } from './probe.ts'
import { cpuSeconds, endedChildrenSeconds, rssBytes, untilIdle } from './proc-stat.ts'
import { SignedLoad } from './signed-load.ts'
import { startCell, stopAll, type Contestant, type RunningCell } from './start-cell.ts'
import { spread, summarize, type Sample, type Spread, type Summary } from './summary.ts'
import { runWrk } from './wrk.ts'

export interface Row {
  readonly candidate: string
  readonly label: string
  readonly checks: string
  readonly summary: Summary
}

export interface CellResult {
  readonly cell: Cell
  readonly rounds: number
  readonly rows: readonly Row[]
  /** CPU of one HMAC pass over a body of this length, on the core of the proxies. */
  readonly hmacPassMicros: Spread | undefined
}

export interface Setting {
  readonly options: Options
  readonly programs: GoPrograms
  readonly folder: string
}

export async function runCell(
  cell: Cell,
  candidates: readonly Candidate[],
  setting: Setting,
): Promise<CellResult> {
  const folder = path.join(setting.folder, cell.name)
  mkdirSync(folder)
  const asked = candidates.filter((candidate) => canAnswer(candidate, cell))
  const running = await startCell(cell, asked, { ...setting, folder })
  try {
    return await measure(cell, running, { ...setting, folder })
  } finally {
    await stopAll(running)
    rmSync(folder, { recursive: true })
  }
}

async function measure(
  cell: Cell,
  running: RunningCell,
  { options, folder }: Setting,
): Promise<CellResult> {
  const load = new SignedLoad(cell, folder)
  const records = await warmUp(cell, running, load, options)
  const samples = new Map<Contestant, Sample[]>(running.contestants.map((one) => [one, []]))
  const passes: number[] = []
  for (let round = 1; round <= options.rounds; round += 1) {
    const files = load.write(records)
    passes.push(hmacPass(cell, options.cores.proxy))
    for (const [contestant, taken] of samples) {
      taken.push(await sample(cell, contestant, running, files, options.seconds))
      options.onProgress(`${cell.name}: round ${String(round)}, ${contestant.candidate.name}`)
    }
  }
  const rows = [...samples].map(([{ candidate }, taken]) => ({
    candidate: candidate.name,
    label: candidate.label,
    checks: candidate.checks,
    summary: summarize(taken),
  }))
  return { cell, rounds: options.rounds, rows, hmacPassMicros: spread(passes) }
}

/** Four times as many as are expected: the machine may have been busy with something else. */
function recordsFor(requestsPerSecond: number, seconds: number): number {
  return Math.ceil(requestsPerSecond * seconds * 4) + 1000
}

/** The largest bodies take some candidates a second each. */
const LARGE_BODY_BYTES = 1_048_576

function secondsOf({ process }: Contestant, { bodyBytes }: Cell, seconds: number): number {
  // A glance is enough to see what load generator and upstream could do, and costs fewer records.
  if (process === undefined) return 1
  return bodyBytes >= LARGE_BODY_BYTES ? 2 * seconds : seconds
}

/** About what is expected before anything is known. */
function expectedPerSecond({ candidate }: Contestant, { bodyBytes }: Cell): number {
  return (candidate.isCompiledAsItRuns ? 16_000 : 35_000) / (1 + bodyBytes / 16_384)
}

/**
 * What compiles while it runs needs tens of thousands of requests until it costs what it will cost;
 * until then the gateway costs twice that.
 */
const COMPILING_TAKES_LONGER = 5

/** @returns how many records are enough for everyone in one round. */
async function warmUp(
  cell: Cell,
  { contestants }: RunningCell,
  load: SignedLoad,
  options: Options,
): Promise<number> {
  let most = 0
  for (const contestant of contestants) {
    const { candidate, port, process } = contestant
    await probe(candidate, port, load)
    const factor = candidate.isCompiledAsItRuns ? COMPILING_TAKES_LONGER : 1
    const seconds = secondsOf(contestant, cell, options.warmUpSeconds * factor)
    const files = load.write(recordsFor(expectedPerSecond(contestant, cell), seconds))
    const { requests } = await runWrk(port, cell, seconds, files)
    if (process !== undefined) await untilIdle(process.pid)
    const ofOneRound = secondsOf(contestant, cell, options.seconds)
    most = Math.max(most, recordsFor(requests / seconds, ofOneRound))
    options.onProgress(`${cell.name}: warm, ${candidate.name}`)
  }
  return most
}

async function sample(
  cell: Cell,
  contestant: Contestant,
  { upstream }: RunningCell,
  files: readonly string[],
  wantedSeconds: number,
): Promise<Sample> {
  const { port, process } = contestant
  const seconds = secondsOf(contestant, cell, wantedSeconds)
  const proxySeconds = () => (process === undefined ? 0 : cpuSeconds(process.pid))
  const loadSeconds = () => endedChildrenSeconds() + cpuSeconds(upstream.pid)
  const [proxyBefore, loadBefore] = [proxySeconds(), loadSeconds()]
  const report = await runWrk(port, cell, seconds, files)
  const proxyMicros = (proxySeconds() - proxyBefore) * 1e6
  const loadMicros = (loadSeconds() - loadBefore) * 1e6
  if (process !== undefined) await untilIdle(process.pid)
  return {
    requestsPerSecond: (report.requests / report.durationMicros) * 1e6,
    cpuMicros: process && proxyMicros / report.requests,
    p50Ms: report.p50Micros / 1000,
    p99Ms: report.p99Micros / 1000,
    rssMegabytes: process && rssBytes(process.pid) / 1e6,
    loadCoreShare: loadMicros / report.durationMicros,
  }
}

function hmacPass({ bodyBytes }: Cell, core: number): number {
  const program = path.join(import.meta.dirname, 'hmac-pass.ts')
  const argv = ['-c', String(core), process.execPath, program, String(bodyBytes)]
  return Number(spawnSync('taskset', argv, { encoding: 'utf8' }).stdout)
}

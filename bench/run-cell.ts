/** One cell: every candidate running at once, and each measured in turn, round after round. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'

import { canAnswer, type Candidate } from './candidates.ts'
import type { Cell } from './cells.ts'
import type { Options } from './options.ts'
import type { GoPrograms } from './prepare.ts'
import { probe } from './probe.ts'
import { cpuSeconds, endedChildrenSeconds, rssBytes } from './proc-stat.ts'
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
  const fastest = await warmUp(cell, running, load, options)
  const samples = new Map<Contestant, Sample[]>(running.contestants.map((one) => [one, []]))
  const passes: number[] = []
  for (let round = 1; round <= options.rounds; round += 1) {
    const records = load.write(recordsFor(fastest, options.seconds))
    passes.push(hmacPass(cell, options.cores.proxy))
    for (const [contestant, taken] of samples) {
      taken.push(await sample(cell, contestant, running, records, options.seconds))
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

/** Twice as many as the fastest would need. */
function recordsFor(requestsPerSecond: number, seconds: number): number {
  return Math.ceil(requestsPerSecond * seconds * 2) + 1000
}

/** A glance is enough to see what load generator and upstream could do, and costs fewer records. */
function secondsOf({ process }: Contestant, seconds: number): number {
  return process === undefined ? 1 : seconds
}

/** What no upstream on one core can answer, for bodies of this length. */
function requestsAtMost({ bodyBytes }: Cell, seconds: number): number {
  return recordsFor(70_000 / (1 + bodyBytes / 16_384), seconds)
}

/** @returns the requests per second of the fastest. */
async function warmUp(
  cell: Cell,
  { contestants }: RunningCell,
  load: SignedLoad,
  { warmUpSeconds, onProgress }: Options,
): Promise<number> {
  const records = load.write(requestsAtMost(cell, warmUpSeconds))
  let fastest = 0
  for (const contestant of contestants) {
    const { candidate, port } = contestant
    await probe(candidate, port, load)
    const seconds = secondsOf(contestant, warmUpSeconds)
    const { requests } = await runWrk(port, cell, seconds, records)
    fastest = Math.max(fastest, requests / warmUpSeconds)
    onProgress(`${cell.name}: warm, ${candidate.name}`)
  }
  return fastest
}

async function sample(
  cell: Cell,
  contestant: Contestant,
  { upstream }: RunningCell,
  records: readonly string[],
  wantedSeconds: number,
): Promise<Sample> {
  const { port, process } = contestant
  const seconds = secondsOf(contestant, wantedSeconds)
  const proxySeconds = () => (process === undefined ? 0 : cpuSeconds(process.pid))
  const loadSeconds = () => endedChildrenSeconds() + cpuSeconds(upstream.pid)
  const [proxyBefore, loadBefore] = [proxySeconds(), loadSeconds()]
  const report = await runWrk(port, cell, seconds, records)
  const proxyMicros = (proxySeconds() - proxyBefore) * 1e6
  const loadMicros = (loadSeconds() - loadBefore) * 1e6
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

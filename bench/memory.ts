/**
 * What the gateway holds after so many calls. Signatures live for seconds here and not for minutes, and each look waits until they are all over, so
 * that the claims of a million calls are not mistaken for a leak.
 */
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { gateway, type Candidate } from './candidates.ts'
import { cellsNamed, type Cell } from './cells.ts'
import { runCommand } from './command.ts'
import type { Options } from './options.ts'
import { post } from './post.ts'
import { buildGoPrograms, requirePrograms, scratchFolder } from './prepare.ts'
import { pinThisProcess } from './processes.ts'
import { SignedLoad } from './signed-load.ts'
import { startCell, stopAll } from './start-cell.ts'
import { markdown, targetTable } from './table.ts'
import { judgeGrowth, type Memory } from './targets.ts'
import { runWrk } from './wrk.ts'

const USAGE = `npm run bench:memory -- [options]
  --cells A,B      these cells; 2 KB with 64 connections that are kept by default
  --cores A,B      of the gateway, and of load generator and upstream; 0,1 by default
  --help`

const CELL = '2k-canonical-keepalive-64'
const LOOKS = 10
const CALLS_BETWEEN = 100_000
const FRESHNESS = { maxAge: '15s', clockTolerance: '1s' }
/** Until the last claim is over. */
const PAUSE_MS = 20_000
/** Well within the age that a signature may have. */
const SLICE_SECONDS = 5
const MOST_CALLS_PER_SECOND = 20_000
const COLLECTION_MS = 2000

interface Look extends Memory {
  readonly calls: number
  readonly claims: number
}

/** Everything is answered with 200, or it throws. */
async function watch(cell: Cell, options: Options, scratch: string): Promise<Look[]> {
  const folder = path.join(scratch, cell.name)
  mkdirSync(folder)
  let opsPort = 0
  const collector = path.join(import.meta.dirname, 'collect-on-signal.ts')
  const candidate: Candidate = {
    name: 'gateway',
    label: 'the gateway, with signatures that live for seconds',
    checks: 'all',
    isReplayProof: true,
    start: (context) => {
      ;({ opsPort } = context)
      const flags = ['--expose-gc', '--import', collector]
      return gateway(context, flags, { freshness: FRESHNESS })
    },
    programs: ['wrk', 'go'],
  }
  requirePrograms([candidate])
  const programs = buildGoPrograms(scratch)
  const running = await startCell(cell, [candidate], { options, programs, folder })
  try {
    const [{ port, process: started } = { port: 0 }] = running.contestants
    if (started === undefined) throw new Error('no gateway was started')
    const load = new SignedLoad(cell, folder)
    const looks: Look[] = []
    for (let calls = 0; looks.length < LOOKS;) {
      calls += await send(CALLS_BETWEEN * (looks.length + 1) - calls, port, cell, load)
      await sleep(PAUSE_MS)
      // Whoever claims next has those that are over forgotten.
      await post(port, load.single())
      process.kill(started.pid, 'SIGUSR2')
      await sleep(COLLECTION_MS)
      looks.push({ calls, ...(await look(opsPort)) })
      options.onProgress(`${cell.name}: ${String(calls)} calls`)
    }
    return looks
  } finally {
    await stopAll(running)
  }
}

/** @returns how many were sent: at least that many. */
async function send(least: number, port: number, cell: Cell, load: SignedLoad): Promise<number> {
  let sent = 0
  while (sent < least) {
    const files = load.write(MOST_CALLS_PER_SECOND * SLICE_SECONDS)
    sent += (await runWrk(port, cell, SLICE_SECONDS, files)).requests
  }
  return sent
}

async function look(opsPort: number): Promise<Omit<Look, 'calls'>> {
  const answer = await fetch(`http://127.0.0.1:${String(opsPort)}/metrics`)
  const text = await answer.text()
  const valueOf = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  return {
    rss: valueOf('process_resident_memory_bytes'),
    heapUsed: valueOf('nodejs_heap_size_used_bytes'),
    external: valueOf('nodejs_external_memory_bytes'),
    claims: valueOf('inngest_gateway_replay_cache_entries'),
  }
}

function show(cell: Cell, looks: readonly Look[]): void {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  const headings = ['calls', 'RSS MB', 'heap used MB', 'external MB', 'live claims']
  const lines = looks.map(({ calls, rss, heapUsed, external, claims }) => [
    calls.toLocaleString('en-US'),
    ...[rss, heapUsed, external].map(megabytes),
    String(claims),
  ])
  console.log(`### ${cell.name}\n\n${markdown([headings, ...lines])}\n`)
  const [first, last] = [looks.at(0), looks.at(-1)]
  if (first === undefined || last === undefined) return
  console.log(targetTable(judgeGrowth(first, last)))
}

async function watchAll(options: Options): Promise<void> {
  const scratch = scratchFolder()
  try {
    pinThisProcess(options.cores.load)
    for (const cell of options.cells) show(cell, await watch(cell, options, scratch))
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

await runCommand({ usage: USAGE, cells: cellsNamed([CELL]), run: watchAll })

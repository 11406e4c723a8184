/**
 * What small calls notice of a large one: 300 of 2 KB a second at a fixed rate, whatever is answered
 * meanwhile, and beside them each second one of 4 MB that is not canonical.
 */
import { rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import { candidates } from './candidates.ts'
import { cellsNamed, type Cell } from './cells.ts'
import { runCommand } from './command.ts'
import type { Options } from './options.ts'
import { post } from './post.ts'
import { buildGoPrograms, requirePrograms, scratchFolder } from './prepare.ts'
import { pinThisProcess } from './processes.ts'
import { SignedLoad } from './signed-load.ts'
import { startCell, stopAll } from './start-cell.ts'
import { percentile, spread } from './summary.ts'
import { markdown, rounded } from './table.ts'

const ASKED = ['direct', 'gateway', 'bare', 'go-jcs', 'naive']
const SMALL_PER_SECOND = 300
const SECONDS = 10
const MOST_P99_MS = 50
const [small, large] = cellsNamed(['2k-canonical-keepalive-64', '4m-spaced-keepalive-1'])

const USAGE = `npm run bench:latency -- [options]
  --without NAME   leave a candidate out, as often as needed; asked are ${ASKED.join(', ')}
  --rounds N       5 by default, each of them ${String(2 * SECONDS)} seconds for a candidate
  --cores A,B      of the proxies, and of load generator and upstream; 0,1 by default
  --help`

interface Latencies {
  readonly smallMs: readonly number[]
  readonly largeMs: readonly number[]
}

interface Loads {
  readonly small: SignedLoad
  readonly large: SignedLoad
}

/** @param largeCalls how many of them, one a second. */
async function sendBoth(port: number, loads: Loads, largeCalls: number): Promise<Latencies> {
  // In turn, so that no connection is idle for as long as a server keeps it open.
  const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'fifo' })
  const smallCalls = Array.from({ length: SMALL_PER_SECOND * SECONDS }, () => loads.small.single())
  const bigCalls = Array.from({ length: largeCalls }, () => loads.large.single())
  const timed = async (call: { signature: string; body: Buffer }) => {
    const startedMs = performance.now()
    const status = await post(port, call, agent)
    if (status !== 200) throw new Error(`a call was answered with ${String(status)}`)
    return performance.now() - startedMs
  }
  try {
    const [smallMs, largeMs] = await Promise.all([
      atRate(smallCalls, SMALL_PER_SECOND, timed),
      atRate(bigCalls, 1, timed),
    ])
    return { smallMs, largeMs }
  } finally {
    agent.destroy()
  }
}

/** Starts each at its time, without waiting for those before it. */
async function atRate<Call>(
  calls: readonly Call[],
  perSecond: number,
  send: (call: Call) => Promise<number>,
): Promise<number[]> {
  const startMs = performance.now() + 100
  const sending = calls.map(async (call, i) => {
    await sleep(startMs + (i * 1000) / perSecond - performance.now())
    return send(call)
  })
  return Promise.all(sending)
}

interface Rounds {
  readonly alone: Latencies[]
  readonly beside: Latencies[]
}

async function measure(cells: { small: Cell; large: Cell }, options: Options): Promise<void> {
  const chosen = candidates.filter(
    ({ name }) => ASKED.includes(name) && !options.without.includes(name),
  )
  requirePrograms(chosen)
  const folder = scratchFolder()
  try {
    const programs = buildGoPrograms(folder)
    pinThisProcess(options.cores.load)
    const running = await startCell(cells.large, chosen, { options, programs, folder })
    const loads = {
      small: new SignedLoad(cells.small, folder),
      large: new SignedLoad(cells.large, folder),
    }
    const taken = new Map(
      running.contestants.map((one): [typeof one, Rounds] => [one, { alone: [], beside: [] }]),
    )
    try {
      // The first round warms up, and does not count.
      for (let round = 0; round <= options.rounds; round += 1) {
        for (const [{ candidate, port }, rounds] of taken) {
          options.onProgress(`round ${String(round)}, ${candidate.name}`)
          const alone = await sendBoth(port, loads, 0)
          const beside = await sendBoth(port, loads, SECONDS)
          if (round === 0) continue
          rounds.alone.push(alone)
          rounds.beside.push(beside)
        }
      }
    } finally {
      await stopAll(running)
    }
    show([...taken].map(([{ candidate }, rounds]) => ({ name: candidate.name, rounds })))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function show(rows: readonly { name: string; rounds: Rounds }[]): void {
  const median = (values: readonly number[]) => spread(values)?.median ?? NaN
  const p99 = (latencies: readonly Latencies[]) =>
    median(latencies.map(({ smallMs }) => percentile(smallMs, 0.99)))
  const lines = rows.map(({ name, rounds: { alone, beside } }) => [
    name,
    rounded(p99(alone)),
    rounded(p99(beside)),
    rounded(median(beside.map(({ smallMs }) => Math.max(...smallMs)))),
    rounded(median(beside.map(({ largeMs }) => median(largeMs)))),
  ])
  const headings = ['candidate', 'p99 alone', 'p99 beside 4 MB', 'slowest beside', '4 MB median']
  console.log(`${markdown([headings, ...lines])}\n\nAll in ms.`)
  const own = rows.find(({ name }) => name === 'gateway')
  if (own === undefined) return
  const isMet = p99(own.rounds.beside) < MOST_P99_MS
  console.log(`p99 of small calls under ${String(MOST_P99_MS)} ms: ${isMet ? 'met' : 'NOT met'}`)
}

await runCommand({
  usage: USAGE,
  run: async (options) => {
    if (small === undefined || large === undefined) throw new Error('there are no such cells')
    await measure({ small, large }, options)
  },
})

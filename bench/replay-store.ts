/**
 * A million live claims in the memory store: the longest that one claim, and the expiry of them all,
 * keeps the event loop, and what an entry takes. Run by `npm run bench:replay`, which exposes `gc`.
 */
import { randomFillSync } from 'node:crypto'

import { nextOwner } from '../gateway/replay/store.ts'
import { MemoryReplayStore } from '../gateway/replay/memory/store.ts'
import { markdown, rounded } from './table.ts'

const ENTRIES = 1_000_000
const LIFE_SECONDS = 600
const START_SECONDS = 1_800_000_000
const MOST_STALL_MS = 50
const MOST_BYTES = 130

/** How the claims are spread; each is made at the time that it was signed. */
interface Scenario {
  readonly name: string
  readonly signedSeconds: number
}

const scenarios: readonly Scenario[] = [
  { name: `over ${String(LIFE_SECONDS)} signed seconds`, signedSeconds: LIFE_SECONDS },
  { name: 'over 10 signed seconds', signedSeconds: 10 },
  { name: 'in one signed second', signedSeconds: 1 },
]

interface Outcome {
  readonly scenario: string
  readonly filling: StopWatch
  readonly expiring: StopWatch
  readonly bytesPerEntry: number
}

/** CPU of this thread, which the collector's pauses are part of, and what the clock said. */
class StopWatch {
  worstCpuMs = 0
  worstMs = 0

  time(work: () => void): void {
    const before = process.threadCpuUsage()
    const startedMs = performance.now()
    work()
    const tookMs = performance.now() - startedMs
    const { user, system } = process.threadCpuUsage(before)
    this.worstMs = Math.max(this.worstMs, tookMs)
    this.worstCpuMs = Math.max(this.worstCpuMs, (user + system) / 1000)
  }
}

function measure({ name, signedSeconds }: Scenario): Outcome {
  const before = usedBytes()
  const store = new MemoryReplayStore({ maxEntries: 2 * ENTRIES, remembersFromSeconds: 0 })
  const filling = new StopWatch()
  for (let i = 0; i < ENTRIES; i += 1) {
    claimOne(store, START_SECONDS + Math.floor((i * signedSeconds) / ENTRIES), filling)
  }
  if (store.entries !== ENTRIES) throw new Error(`${String(store.entries)} claims are live`)
  const bytesPerEntry = (usedBytes() - before) / ENTRIES

  // Whoever claims next after a long silence forgets them all; the collector's share comes after it.
  const expiring = new StopWatch()
  const later = START_SECONDS + signedSeconds + LIFE_SECONDS + 1
  for (let i = 0; i < ENTRIES / 10; i += 1) claimOne(store, later, expiring)
  if (store.entries !== ENTRIES / 10) throw new Error(`${String(store.entries)} claims are left`)
  return { scenario: name, filling, expiring, bytesPerEntry }
}

function claimOne(store: MemoryReplayStore, timestampSeconds: number, watch: StopWatch): void {
  const key = randomFillSync(Buffer.allocUnsafeSlow(32))
  const expiresAtSeconds = timestampSeconds + LIFE_SECONDS
  const claim = { key, timestampSeconds, expiresAtSeconds, shared: undefined, owner: nextOwner() }
  watch.time(() => {
    void store.claim(claim, noTarget, timestampSeconds * 1000)
  })
}

function noTarget(): string {
  throw new Error('no redirect was followed')
}

function usedBytes(): number {
  if (gc === undefined) throw new Error('run it with --expose-gc')
  gc()
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const outcomes = scenarios.map(measure)
const headings = [
  'a million claims',
  'worst claim, CPU ms',
  'by the clock',
  'worst at expiry, CPU ms',
  'by the clock',
  'B/entry',
]
const lines = outcomes.map(({ scenario, filling, expiring, bytesPerEntry }) => [
  scenario,
  rounded(filling.worstCpuMs),
  rounded(filling.worstMs),
  rounded(expiring.worstCpuMs),
  rounded(expiring.worstMs),
  rounded(bytesPerEntry),
])
console.log(markdown([headings, ...lines]))

// What a gateway can meet: so many calls signed within one second it could not have verified.
const [real] = outcomes
if (real === undefined) throw new Error('nothing was measured')
// By CPU: what other processes take of the clock is not the store's.
const isQuick = Math.max(real.filling.worstCpuMs, real.expiring.worstCpuMs) <= MOST_STALL_MS
const isSmall = real.bytesPerEntry < MOST_BYTES
console.log(`\n${real.scenario}:`)
console.log(`no stall over ${String(MOST_STALL_MS)} ms: ${isQuick ? 'pass' : 'FAIL'}`)
console.log(`under ${String(MOST_BYTES)} bytes an entry: ${isSmall ? 'pass' : 'FAIL'}`)
if (!isQuick || !isSmall) process.exitCode = 1

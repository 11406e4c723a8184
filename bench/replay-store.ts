/**
 * A million live claims in the memory store: the longest that one claim, and the expiry of them all,
 * keeps the event loop, and what an entry takes. Run by `npm run bench:replay`, which exposes `gc`.
 */
import { randomFillSync } from 'node:crypto'

import { MemoryReplayStore } from '../gateway/replay/memory-store.ts'
import { markdown, rounded } from './table.ts'

const ENTRIES = 1_000_000
const LIFE_SECONDS = 600
const START_SECONDS = 1_800_000_000
const MOST_STALL_MS = 50
const MOST_BYTES = 130

/** A claim for each of these is made at the time that it was signed. */
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
  readonly worstClaimMs: number
  readonly meanClaimMicros: number
  readonly worstExpiryMs: number
  readonly bytesPerEntry: number
}

class StopWatch {
  worstMs = 0
  totalMs = 0

  time(work: () => void): void {
    const startedMs = performance.now()
    work()
    const tookMs = performance.now() - startedMs
    this.worstMs = Math.max(this.worstMs, tookMs)
    this.totalMs += tookMs
  }
}

function measure({ name, signedSeconds }: Scenario): Outcome {
  const before = usedBytes()
  const store = new MemoryReplayStore({ maxEntries: 2 * ENTRIES, remembersFromSeconds: 0 })
  const fillWatch = new StopWatch()
  for (let i = 0; i < ENTRIES; i += 1) {
    claimOne(store, START_SECONDS + Math.floor((i * signedSeconds) / ENTRIES), fillWatch)
  }
  if (store.entries !== ENTRIES) throw new Error(`${String(store.entries)} claims are live`)
  const bytesPerEntry = (usedBytes() - before) / ENTRIES

  // Whoever claims next after a long silence forgets them all; the collector's share comes after it.
  const expiryWatch = new StopWatch()
  const later = START_SECONDS + signedSeconds + LIFE_SECONDS + 1
  for (let i = 0; i < ENTRIES / 10; i += 1) claimOne(store, later, expiryWatch)
  if (store.entries !== ENTRIES / 10) throw new Error(`${String(store.entries)} claims are left`)
  return {
    scenario: name,
    worstClaimMs: fillWatch.worstMs,
    meanClaimMicros: (fillWatch.totalMs * 1000) / ENTRIES,
    worstExpiryMs: expiryWatch.worstMs,
    bytesPerEntry,
  }
}

function claimOne(store: MemoryReplayStore, timestampSeconds: number, watch: StopWatch): void {
  const key = randomFillSync(Buffer.allocUnsafeSlow(32))
  const expiresAtSeconds = timestampSeconds + LIFE_SECONDS
  const claim = { key, timestampSeconds, expiresAtSeconds }
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
const headings = ['a million claims', 'worst claim ms', 'mean µs', 'worst at expiry ms', 'B/entry']
const lines = outcomes.map((outcome) => [
  outcome.scenario,
  rounded(outcome.worstClaimMs),
  rounded(outcome.meanClaimMicros),
  rounded(outcome.worstExpiryMs),
  rounded(outcome.bytesPerEntry),
])
console.log(markdown([headings, ...lines]))

// What a gateway can meet: so many calls signed within one second it could not have verified.
const [real] = outcomes
if (real === undefined) throw new Error('nothing was measured')
const isQuick = Math.max(real.worstClaimMs, real.worstExpiryMs) <= MOST_STALL_MS
const isSmall = real.bytesPerEntry < MOST_BYTES
console.log(`\n${real.scenario}:`)
console.log(`no stall over ${String(MOST_STALL_MS)} ms: ${isQuick ? 'pass' : 'FAIL'}`)
console.log(`under ${String(MOST_BYTES)} bytes an entry: ${isSmall ? 'pass' : 'FAIL'}`)
if (!isQuick || !isSmall) process.exitCode = 1

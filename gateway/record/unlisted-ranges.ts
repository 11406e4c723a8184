/**
 * The address ranges outside the allowlist that send function calls with valid signatures. A range is reported
 * after enough different signatures: Inngest may call from there. An attacker who captured undelivered calls
 * can do the same, so a report is a reason to compare the published list, but not to allow the range.
 */
import type { Logger } from 'pino'

import type { Clock } from './clock.ts'

/** The outcomes of reading the body of a refused function call. */
export const lateReadingResults = [
  'verified',
  'claimed',
  'mismatch',
  'incomplete',
  'store_unavailable',
] as const

export type LateReadingResult = (typeof lateReadingResults)[number]

/** One function call with a valid signature from outside the allowlist, which no request has claimed. */
export interface UnlistedSighting {
  /** The network of the client, as CIDR text. */
  readonly range: string
  readonly route: string
  /** In hex. */
  readonly mac: string
  /** The last time at which a copy may still arrive, Unix seconds. */
  readonly expiresAtSeconds: number
}

export interface UnlistedRange {
  readonly range: string
  readonly routes: readonly string[]
  /** The number of different signatures since the first. */
  readonly signatures: number
  readonly firstMs: number
  readonly lastMs: number
  /** Enough signatures arrived within the last ten minutes. */
  readonly isActive: boolean
}

/** Where a process sends sightings: to its own counts, or to the process that counts those of all workers. */
export interface UnlistedLedger {
  add(sighting: UnlistedSighting): void
  /** The reported ranges; undefined if another process counts. */
  readonly reported: readonly UnlistedRange[] | undefined
}

/** A range is reported from this number of different signatures within the window. */
const LEAST_SIGNATURES = 20
const WINDOW_MS = 600_000

const WARN_EVERY_MS = 3_600_000

/** How long a reported range is listed after its last signature. */
const LISTED_MS = 86_400_000

/** Only a valid signature adds a range, so an attacker without captured calls adds none. */
const MOST_RANGES = 64
const MOST_ROUTES = 16

/** About one arrives in a second, and each is kept until a copy would be too old. */
const MOST_MACS = 10_000

interface Counted {
  readonly range: string
  readonly routes: Set<string>
  /** The times of the last ones, oldest first. */
  timesMs: readonly number[]
  signatures: number
  readonly firstMs: number
  lastMs: number
  isReported: boolean
  warnedMs: number
}

export class UnlistedRanges implements UnlistedLedger {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #logger: Logger
  /** When each counted MAC expires, Unix seconds. */
  readonly #macs = new Map<string, number>()
  readonly #ranges = new Map<string, Counted>()

  constructor(clock: Pick<Clock, 'nowMs'>, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  get reported(): readonly UnlistedRange[] {
    const nowMs = this.#clock.nowMs()
    return [...this.#ranges.values()]
      .filter(({ isReported, lastMs }) => isReported && nowMs - lastMs <= LISTED_MS)
      .map((counted) => {
        const { range, routes, signatures, firstMs, lastMs } = counted
        const isActive = isActiveAt(counted, nowMs)
        return { range, routes: [...routes], signatures, firstMs, lastMs, isActive }
      })
  }

  add({ range, route, mac, expiresAtSeconds }: UnlistedSighting): void {
    const nowMs = this.#clock.nowMs()
    if (!this.#isNew(mac, expiresAtSeconds, nowMs)) return
    const counted = this.#ranges.get(range) ?? this.#start(range, nowMs)
    counted.timesMs = [...counted.timesMs, nowMs].slice(-LEAST_SIGNATURES)
    counted.signatures += 1
    counted.lastMs = nowMs
    if (counted.routes.size < MOST_ROUTES) counted.routes.add(route)
    if (!isActiveAt(counted, nowMs)) return
    counted.isReported = true
    if (nowMs - counted.warnedMs < WARN_EVERY_MS) return
    counted.warnedMs = nowMs
    this.#warn(counted)
  }

  /** Each signature counts once, even if copies come from several ranges. */
  #isNew(mac: string, expiresAtSeconds: number, nowMs: number): boolean {
    for (const [known, untilSeconds] of this.#macs) {
      if (untilSeconds * 1000 < nowMs) this.#macs.delete(known)
    }
    if (this.#macs.has(mac) || this.#macs.size >= MOST_MACS) return false
    this.#macs.set(mac, expiresAtSeconds)
    return true
  }

  #start(range: string, nowMs: number): Counted {
    if (this.#ranges.size >= MOST_RANGES) this.#forgetOne()
    const counted: Counted = {
      range,
      routes: new Set(),
      timesMs: [],
      signatures: 0,
      firstMs: nowMs,
      lastMs: nowMs,
      isReported: false,
      warnedMs: -Infinity,
    }
    this.#ranges.set(range, counted)
    return counted
  }

  /**
   * Forgets a range that is not reported, if there is one, and of those the one with the oldest last signature.
   */
  #forgetOne(): void {
    const [first] = [...this.#ranges.values()].sort(
      (a, b) => Number(a.isReported) - Number(b.isReported) || a.lastMs - b.lastMs,
    )
    if (first !== undefined) this.#ranges.delete(first.range)
  }

  #warn({ range, routes, signatures }: Counted): void {
    const line = { range, routes: [...routes], signatures, meaning: unlistedMeaning(range) }
    this.#logger.warn({ ...line, remedy: REMEDY }, 'validly signed requests from an unlisted range')
  }
}

/** One sentence for the operator. It has no configuration line that could be pasted without thinking. */
export function unlistedMeaning(range: string): string {
  return `validly signed requests come from ${range}, which no listed range contains; this can also be a replayed capture`
}

const REMEDY =
  'compare with the lists that Inngest publishes before you allow anything (docs/how-to/unlisted-ranges.md)'

function isActiveAt({ timesMs }: Counted, nowMs: number): boolean {
  const [first] = timesMs
  return timesMs.length === LEAST_SIGNATURES && nowMs - (first ?? -Infinity) <= WINDOW_MS
}

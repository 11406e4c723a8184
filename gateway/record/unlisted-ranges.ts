/**
 * From which ranges outside the allowlist validly signed function calls come. From enough different ones on a range
 * is reported: Inngest may call from there. An attacker who captured calls that were never delivered can do the
 * same, so a report is a reason to compare the published list, and never to allow the range.
 */
import type { Logger } from 'pino'

import type { Clock } from './clock.ts'

/** How the reading of the body of a refused function call ended. */
export const lateReadingResults = [
  'verified',
  'claimed',
  'mismatch',
  'incomplete',
  'store_unavailable',
] as const

export type LateReadingResult = (typeof lateReadingResults)[number]

/** One validly signed function call from outside the allowlist, whose signature no request has claimed. */
export interface UnlistedSighting {
  /** The network of the client, as CIDR text. */
  readonly range: string
  readonly route: string
  /** In hex. */
  readonly mac: string
  /** Until when a copy of it can come, Unix seconds. */
  readonly expiresAtSeconds: number
}

export interface UnlistedRange {
  readonly range: string
  readonly routes: readonly string[]
  /** Different signatures since the first. */
  readonly signatures: number
  readonly firstMs: number
  readonly lastMs: number
  /** Enough signatures came within the last ten minutes. */
  readonly isActive: boolean
}

/** What a process does with sightings: count them, or send them to the process that counts those of all workers. */
export interface UnlistedLedger {
  add(sighting: UnlistedSighting): void
  /** The reported ranges; undefined where another process counts. */
  readonly reported: readonly UnlistedRange[] | undefined
}

/** Different signatures of a range within the window from which on it is reported. */
const LEAST_SIGNATURES = 20
const WINDOW_MS = 600_000

const WARN_EVERY_MS = 3_600_000

/** How long a reported range is listed after its last signature. */
const LISTED_MS = 86_400_000

/** Only a valid signature adds one, so that an attacker without captured calls adds none. */
const MOST_RANGES = 64
const MOST_ROUTES = 16

/** About one comes in a second, and each stays until a copy would be too old. */
const MOST_MACS = 10_000

interface Counted {
  readonly range: string
  readonly routes: Set<string>
  /** When the last of them came, oldest first. */
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
  /** When each of the counted MACs is forgotten, Unix seconds. */
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

  /** Each counts once, wherever its copies come from. */
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

  /** One that is not reported, if there is one; of those the one that was silent for longest. */
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

/** One sentence for the operator: no line of a configuration, which could be pasted without a thought. */
export function unlistedMeaning(range: string): string {
  return `validly signed requests come from ${range}, which no listed range contains; this can also be a replayed capture`
}

const REMEDY =
  'compare with the lists that Inngest publishes before you allow anything (docs/how-to/unlisted-ranges.md)'

function isActiveAt({ timesMs }: Counted, nowMs: number): boolean {
  const [first] = timesMs
  return timesMs.length === LEAST_SIGNATURES && nowMs - (first ?? -Infinity) <= WINDOW_MS
}

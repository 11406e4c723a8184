/**
 * Keeps the published ranges up to date: fetches the lists repeatedly and uses the good ones. Where the new
 * list of a source is bad, its last good list stays in use. The current ranges are available at any time.
 */
import type { Logger } from 'pino'

import type { AddressRange } from '../ip/address-ranges.ts'
import { changeBetween, combine, type CurrentRanges } from './current-ranges.ts'
import { FileTrigger, RefreshTimer } from './refresh-timer.ts'
import { LastGoodLists } from './last-good-lists.ts'
import {
  listSources,
  fetchFrom,
  type ListSource,
  type Look,
  type FetchResult,
  type RangeSource,
} from './list-source.ts'
import { RangesLog } from './ranges-log.ts'
import type { Lists } from './state-file.ts'

export interface RangeKeeperOptions {
  readonly source: RangeSource
  /** How long a range stays valid after it was last published; 0 ends it at once. */
  readonly keepVanishedSeconds: number
  /** The file for the last good lists; undefined keeps them in memory only. */
  readonly stateFile: string | undefined
  /** The lists of the keeper that this one replaces. They take precedence over the state file. */
  readonly known?: Lists | undefined
  /** Used while at least one source has never given a good list. */
  readonly bundled: readonly AddressRange[]
  readonly clock: { nowMs(): number }
  readonly logger: Logger
  /** Called after each fetch from each source. */
  readonly onRefresh: (source: string, result: FetchResult) => void
  /** Called when the valid ranges have changed. */
  readonly onChange: (current: CurrentRanges) => void
  /** From 0 to 1. */
  readonly random?: () => number
}

/** How often expired ranges are looked for. */
const EXPIRY_LOOK_MS = 1000

export class RangesRefresher {
  readonly #firstRound = Promise.withResolvers<undefined>()
  readonly #options: RangeKeeperOptions
  readonly #sources: readonly ListSource[]
  readonly #lists: LastGoodLists
  readonly #log: RangesLog
  readonly #stopping = new AbortController()
  readonly #trigger: FileTrigger | RefreshTimer
  #announced: readonly AddressRange[]
  /** The round in progress, and the one that waits for its end. */
  readonly #rounds: Promise<boolean>[] = []
  #expiryTimer: NodeJS.Timeout | undefined

  /** Reads the state file, so that the last good lists are known without network. */
  constructor(options: RangeKeeperOptions) {
    this.#options = options
    this.#sources = listSources(options.source)
    this.#log = new RangesLog(options.logger, options.stateFile)
    this.#lists = new LastGoodLists(this.#sources, options.stateFile)
    const whyIgnored = this.#lists.load(this.#nowSeconds())
    if (whyIgnored !== undefined) this.#log.stateIgnored(whyIgnored)
    this.#lists.adopt(options.known ?? new Map())
    this.#trigger = this.#triggerFor(options.source)
    this.#announced = this.current.ranges
  }

  /** The ranges as of now. Combined anew at each call, so not for the request path. */
  get current(): CurrentRanges {
    const { bundled, source, keepVanishedSeconds } = this.#options
    const freshOrigin = source.kind === 'file' ? 'file' : 'fetched'
    const known = this.#lists.bySource
    return combine(known, bundled, freshOrigin, this.#nowSeconds(), keepVanishedSeconds)
  }

  /** The last good list of each source. */
  get lists(): Lists {
    return this.#lists.all
  }

  /** Resolves when each source has been fetched once, successfully or not. */
  get firstRoundDone(): Promise<void> {
    return this.#firstRound.promise
  }

  /**
   * Fetches every source once. Rounds run one after the other, and at most one waits, even if this is called
   * often.
   */
  async refresh(): Promise<void> {
    await this.#queueRound()
  }

  /** Refreshes at once, and then regularly. */
  start(): void {
    this.#expiryTimer = setInterval(() => {
      this.#announceChange()
    }, EXPIRY_LOOK_MS).unref()
    void this.#trigger.start()
  }

  /** Aborts the fetches in progress. Nothing is called or logged afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#trigger.stop()
    clearInterval(this.#expiryTimer)
    await Promise.allSettled(this.#rounds)
  }

  #triggerFor(source: RangeSource): FileTrigger | RefreshTimer {
    if (source.kind === 'file') return new FileTrigger(source.file, () => void this.refresh())
    const { random = Math.random } = this.#options
    return new RefreshTimer(source.refreshSeconds, () => this.#queueRound(), random)
  }

  #queueRound(): Promise<boolean> {
    const [running, waiting] = this.#rounds
    if (waiting !== undefined) return waiting
    const ended = running?.catch(() => undefined)
    const begun = ended === undefined ? this.#round() : ended.then(() => this.#round())
    const round = begun.finally(() => {
      void this.#rounds.shift()
    })
    this.#rounds.push(round)
    return round
  }

  /** @returns whether every list is as last published. */
  async #round(): Promise<boolean> {
    const { signal } = this.#stopping
    const asked = this.#sources.map(async (source) => ({
      source,
      look: await fetchFrom(source, signal),
    }))
    const looked = await Promise.all(asked)
    if (signal.aborted) return false
    const taken = looked.map(({ source, look }) => this.#take(source, look))
    this.#announceChange()
    if (this.current.origin === 'bundled') this.#log.bundledInUse(this.current)
    this.#firstRound.resolve(undefined)
    if (taken.includes(true)) this.#log.stateWritten(await this.#lists.save())
    return !taken.includes(false)
  }

  #take(source: ListSource, look: Look): boolean {
    const { label } = source
    const failure = this.#lists.take(source, look, this.#nowSeconds())
    if (failure !== undefined) this.#log.refused(label, failure, this.#lists.has(label))
    this.#options.onRefresh(label, failure?.code ?? 'success')
    return failure === undefined
  }

  #announceChange(): void {
    const { current } = this
    const change = changeBetween(this.#announced, current.ranges)
    if (change === undefined) return
    this.#announced = current.ranges
    this.#log.changed(change, current)
    this.#options.onChange(current)
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.clock.nowMs() / 1000)
  }
}

/** Runs the keeper of Inngest's ranges, if the current settings need one. */
import { isDeepStrictEqual } from 'node:util'

import type { Logger } from 'pino'

import type { Settings } from '../config/compile.ts'
import { readPublishedRanges } from './bundled-ranges.ts'
import { inngestKeyword } from '../config/schema/config.ts'
import type { Clock } from '../record/clock.ts'
import type { CurrentRanges } from './current-ranges.ts'
import type { FetchResult, RangeSource } from './list-source.ts'
import { RangesRefresher, type RangeKeeperOptions } from './refresher.ts'

export interface LiveRangesParts {
  readonly clock: Clock
  readonly logger: Logger
  readonly onRefresh: (source: string, result: FetchResult) => void
  /** Called when the valid ranges have changed. */
  readonly onChange: (current: CurrentRanges) => void
}

type KeeperConfig = Pick<RangeKeeperOptions, 'source' | 'keepVanishedSeconds' | 'stateFile'>

export class RangesSupervisor {
  readonly #parts: LiveRangesParts
  #config: KeeperConfig | undefined
  #keeper: RangesRefresher | undefined
  /** Also true if readiness does not depend on a fetch. */
  #hasAsked = false

  constructor(parts: LiveRangesParts) {
    this.#parts = parts
  }

  /** Undefined if the allowlist does not name Inngest. */
  get current(): CurrentRanges | undefined {
    return this.#keeper?.current
  }

  /**
   * Whether the first fetch has ended, or there is none. The bundled ranges may be out of date, so calls from
   * newer ranges should not be refused while the first fetch is in progress.
   */
  get isSettled(): boolean {
    return this.#hasAsked || this.#keeper?.current.origin !== 'bundled'
  }

  /** Keeps the running keeper if the settings for it have not changed. */
  follow(settings: Settings): void {
    const config = keeperConfig(settings)
    // A gateway that is ready without the ranges stays ready when a reload adds them.
    if (config === undefined) this.#hasAsked = true
    if (isDeepStrictEqual(config, this.#config)) return
    void this.#keeper?.stop()
    this.#config = config
    const known = this.#keeper?.lists
    this.#keeper =
      config &&
      new RangesRefresher({ ...config, ...this.#parts, known, bundled: readPublishedRanges() })
    void this.#keeper?.firstRoundDone.then(() => {
      this.#hasAsked = true
    })
    this.#keeper?.start()
  }

  /** Fetches now, before the regular time. */
  refresh(): void {
    void this.#keeper?.refresh()
  }

  async stop(): Promise<void> {
    await this.#keeper?.stop()
  }
}

/** @returns undefined if the allowlist does not name Inngest. */
export function keeperConfig({ config, rangesCa }: Settings): KeeperConfig | undefined {
  if (!config.allowlist.includes(inngestKeyword)) return undefined
  const { urls, file, timeoutMs, refreshSeconds, keepVanishedSeconds, stateFile } =
    config.inngestRanges
  const source: RangeSource =
    file === undefined
      ? { kind: 'urls', urls, ca: rangesCa, timeoutMs, refreshSeconds }
      : { kind: 'file', file }
  return { source, keepVanishedSeconds, stateFile }
}

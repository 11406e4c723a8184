/** The keeper of Inngest's ranges that the settings in force ask for, if they do. */
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
  /** Other ranges than before are valid. */
  readonly onChange: (current: CurrentRanges) => void
}

type KeeperConfig = Pick<RangeKeeperOptions, 'source' | 'keepVanishedSeconds' | 'stateFile'>

export class RangesSupervisor {
  readonly #parts: LiveRangesParts
  #config: KeeperConfig | undefined
  #keeper: RangesRefresher | undefined
  /** Or need not ask for readiness' sake. */
  #hasAsked = false

  constructor(parts: LiveRangesParts) {
    this.#parts = parts
  }

  /** Undefined if the allowlist does not name Inngest. */
  get current(): CurrentRanges | undefined {
    return this.#keeper?.current
  }

  /**
   * Whether nothing better than what is known now is about to come: the bundled ranges may be
   * long out of date, and calls from newer ones need not be refused while the first fetch is on its way.
   */
  get isSettled(): boolean {
    return this.#hasAsked || this.#keeper?.current.origin !== 'bundled'
  }

  /** Goes on with the keeper that runs if the settings ask for the same. */
  follow(settings: Settings): void {
    const config = keeperConfig(settings)
    // What serves without goes on serving when a reload names them.
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

  /** Asks now, and not only when it is time. */
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

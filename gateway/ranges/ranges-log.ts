/** The log lines about ranges. */
import type { Logger } from 'pino'

import type { AddressRange } from '../ip/address-ranges.ts'
import { whyBundled, type CurrentRanges, type RangesChange } from './current-ranges.ts'
import type { FetchFailure } from './list-source.ts'
import type { StateWriting } from './state-file.ts'

const MAX_LOGGED_RANGES = 50

export class RangesLog {
  readonly #logger: Logger
  readonly #stateFile: string | undefined
  #isStateWritten = true

  constructor(logger: Logger, stateFile: string | undefined) {
    this.#logger = logger
    this.#stateFile = stateFile
  }

  changed({ added, removed }: RangesChange, { ranges, origin }: CurrentRanges): void {
    this.#logger.info(
      {
        ranges: ranges.length,
        origin,
        added: added.length,
        removed: removed.length,
        added_ranges: textsOf(added),
        removed_ranges: textsOf(removed),
      },
      'published ranges changed',
    )
  }

  refused(source: string, { code, why, found }: FetchFailure, isListKept: boolean): void {
    const rest = isListKept ? 'keeping the last good list' : 'no earlier list is available'
    this.#logger.warn({ source, problem: code, why, found }, `published list refused: ${rest}`)
  }

  bundledInUse(current: CurrentRanges): void {
    this.#logger.warn(
      { ranges: current.ranges.length, why: whyBundled(current) },
      'bundled ranges in use; requests from newer Inngest addresses are refused',
    )
  }

  stateIgnored(why: string): void {
    this.#logger.warn({ state_file: this.#stateFile, why }, 'state file ignored')
  }

  /** A failure is logged once and not after each fetch: the file system may be read-only on purpose. */
  stateWritten(writing: StateWriting): void {
    if (!writing.ok && this.#isStateWritten) {
      const { why } = writing
      this.#logger.warn({ state_file: this.#stateFile, why }, 'state file could not be written')
    }
    this.#isStateWritten = writing.ok
  }
}

function textsOf(ranges: readonly AddressRange[]): string[] {
  return ranges.slice(0, MAX_LOGGED_RANGES).map(({ text }) => text)
}

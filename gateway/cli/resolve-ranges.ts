/** The published ranges that a gateway with these settings would have at its start. */
import type { Settings } from '../config/compile.ts'
import { readPublishedRanges } from '../ranges/bundled-ranges.ts'
import { keeperConfig } from '../ranges/supervisor.ts'
import { systemClock } from '../record/clock.ts'
import { createLogger } from '../record/logger.ts'
import type { CurrentRanges } from '../ranges/current-ranges.ts'
import { RangesRefresher } from '../ranges/refresher.ts'

/**
 * Fetches nothing: the last fetched lists are in the state file.
 * @returns undefined if the allowlist does not use published ranges.
 */
export async function startingRanges(settings: Settings): Promise<CurrentRanges | undefined> {
  const config = keeperConfig(settings)
  if (config === undefined) return undefined
  const isFile = config.source.kind === 'file'
  const keeper = new RangesRefresher({
    ...config,
    // The file is read, but never written with the permissions of the user who runs a command.
    stateFile: isFile ? undefined : config.stateFile,
    bundled: readPublishedRanges(),
    clock: systemClock,
    logger: createLogger('silent'),
    onRefresh: () => undefined,
    onChange: () => undefined,
  })
  if (isFile) await keeper.refresh()
  return keeper.current
}

/** The published ranges as a gateway with these settings would start with them. */
import type { Settings } from '../config/compile.ts'
import { readPublishedRanges } from '../ranges/bundled-ranges.ts'
import { keeperConfig } from '../ranges/supervisor.ts'
import { systemClock } from '../record/clock.ts'
import { createLogger } from '../record/logger.ts'
import type { CurrentRanges } from '../ranges/current-ranges.ts'
import { RangesRefresher } from '../ranges/refresher.ts'

/** Fetches nothing: what was fetched last is in the state file. @returns undefined if not asked for. */
export async function startingRanges(settings: Settings): Promise<CurrentRanges | undefined> {
  const config = keeperConfig(settings)
  if (config === undefined) return undefined
  const isFile = config.source.kind === 'file'
  const keeper = new RangesRefresher({
    ...config,
    // Read, but never written with the rights of whoever runs a command.
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

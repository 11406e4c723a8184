/** The configuration as one of several workers puts it in force: with its share, on the port of all. */
import type { SettingsReading } from '../config/load.ts'
import type { Problem } from '../config/problem.ts'
import { restartProblems } from '../config/restart-only.ts'
import type { Config } from '../config/schema.ts'
import { roomForWorkers, shareOf } from '../config/worker-count.ts'
import type { Assignment } from './messages.ts'

/** What would need a restart is a problem for one that takes another's place, too. */
export function readShare(
  read: () => SettingsReading,
  { config, workers, port }: Pick<Assignment, 'config' | 'workers' | 'port'>,
): SettingsReading {
  const reading = read()
  if (!reading.ok) return reading
  const { settings, files, readAtMs } = reading
  const [file = 'configuration'] = files
  const problems = [
    ...restartProblems(file, config, settings.config),
    ...roomProblems(file, settings.config.limits, workers),
  ]
  if (problems.length > 0) return { ok: false, problems, files, readAtMs }
  const listen = { ...settings.config.listen, port }
  const own = {
    ...settings,
    config: { ...settings.config, listen },
    policy: { ...settings.policy, limits: shareOf(settings.policy.limits, workers) },
  }
  return { ok: true, settings: Object.freeze(own), files, readAtMs }
}

/** `auto` has counted by the limits of the start. */
function roomProblems(file: string, limits: Config['limits'], workers: number): Problem[] {
  if (roomForWorkers(limits) >= workers) return []
  const expected = `room for two bodies of limits.maxBodyBytes in each of ${String(workers)} workers`
  const found = String(limits.maxBufferedBytes)
  return [{ file, line: undefined, path: 'limits.maxBufferedBytes', expected, found }]
}

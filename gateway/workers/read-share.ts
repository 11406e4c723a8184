/** The configuration as one of several workers applies it: with its share of the limits, on the shared port. */
import type { SettingsReading } from '../config/load.ts'
import { problemAt, type Problem } from '../config/problem.ts'
import { restartProblems } from '../config/restart-only.ts'
import type { Config } from '../config/schema/config.ts'
import { formatQuantity, notations } from '../config/schema/units.ts'
import { placesOf, roomForWorkers, routeShareOf, shareOf } from '../config/schema/worker-count.ts'
import type { Assignment } from './messages.ts'

/** A change that needs a restart is a problem for a replacement worker, too. */
export function readShare(
  read: () => SettingsReading,
  { config, workers, port }: Pick<Assignment, 'config' | 'workers' | 'port'>,
): SettingsReading {
  const reading = read()
  if (!reading.ok) return reading
  const { settings } = reading
  const problems = [
    ...restartProblems(reading, config, settings.config),
    ...roomProblems(reading, settings.config, workers),
  ]
  if (problems.length > 0) return { ...reading, ok: false, problems }
  const listen = { ...settings.config.listen, port }
  const own = {
    ...settings,
    config: { ...settings.config, listen },
    policy: {
      ...settings.policy,
      routes: settings.policy.routes.map((route) => routeShareOf(route, workers)),
      limits: shareOf(settings.policy.limits, workers),
    },
  }
  return { ...reading, settings: Object.freeze(own) }
}

/** With `auto`, the number of workers was computed from the limits at the start. */
function roomProblems(
  { locate }: SettingsReading,
  { limits, routes }: Config,
  workers: number,
): Problem[] {
  const narrow = routes.flatMap((route, i) => {
    const places = placesOf(route)
    if (places >= workers) return []
    const expected = `at least ${String(workers)}, one for each of the workers`
    const place = locate(['routes', i, 'limits', 'maxRequestsInFlight'])
    return [problemAt(place, { expected, found: String(places) })]
  })
  if (roomForWorkers(limits) >= workers) return narrow
  const expected = `room for two bodies of limits.maxBodySize in each of ${String(workers)} workers`
  const found = formatQuantity(limits.maxBufferedBytes, notations.Bytes)
  return [...narrow, problemAt(locate(['limits', 'maxBufferedSize']), { expected, found })]
}

/** The settings that `run` and `validate` share, so that one cannot pass what the other refuses. */
import type { Settings } from '../config/compile.ts'
import { readSettingsFile, readSettingsFromEnvironment } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import type { Environment } from '../config/resolve-keys.ts'

export interface SettingsOptions {
  readonly config?: string
  readonly upstream?: string
}

/** @returns undefined after printing every problem to stderr. */
export function readSettingsOrExplain(
  { config, upstream }: SettingsOptions,
  env: Environment,
): Settings | undefined {
  if (config !== undefined && upstream !== undefined) {
    console.error('--config and --upstream exclude each other: the file names its upstreams')
    return undefined
  }
  if (config === undefined && upstream === undefined) {
    console.error(
      'nothing to do: give --config FILE, or --upstream URL with INNGEST_SIGNING_KEY set',
    )
    return undefined
  }
  const reading =
    config === undefined
      ? readSettingsFromEnvironment(upstream, env)
      : readSettingsFile(config, env)
  if (reading.ok) return reading.settings
  for (const problem of reading.problems) console.error(formatProblem(problem))
  const count = reading.problems.length
  console.error(`not started: ${String(count)} ${count === 1 ? 'problem' : 'problems'}`)
  return undefined
}

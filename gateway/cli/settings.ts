/**
 * Reads the settings for every command with a configuration, so that all commands accept the same
 * configurations.
 */
import {
  readSettingsFile,
  readSettingsFromEnvironment,
  type SettingsReading,
} from '../config/load.ts'
import { formatProblem, type Problem } from '../config/problem.ts'
import type { Overrides } from '../config/read/overrides.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { printError } from './print.ts'

export interface SettingsOptions extends Overrides {
  readonly config?: string
  readonly upstream?: string
}

export function readSettings(
  { config, upstream, ...overrides }: SettingsOptions,
  env: Environment,
): SettingsReading {
  return config === undefined
    ? readSettingsFromEnvironment(upstream, env, overrides)
    : readSettingsFile(config, env, overrides)
}

/** A problem of the options themselves, found before any file is read. */
export function misuseOf({ config, upstream }: SettingsOptions): Problem | undefined {
  if ((config === undefined) !== (upstream === undefined)) return undefined
  return {
    file: 'command line',
    line: undefined,
    path: '',
    expected: '--config FILE, or --upstream URL with INNGEST_SIGNING_KEY set',
    found: config === undefined ? 'no configuration' : 'both --config and --upstream',
  }
}

/** @returns undefined after printing every problem to stderr. */
export function readSettingsOrExplain(
  options: SettingsOptions,
  env: Environment,
): (SettingsReading & { ok: true }) | undefined {
  const misuse = misuseOf(options)
  if (misuse !== undefined) {
    printError(`${misuse.found}: give ${misuse.expected}`)
    return undefined
  }
  const reading = readSettings(options, env)
  if (reading.ok) return reading
  areNone(reading.problems)
  return undefined
}

/** Prints every problem to stderr, if there is one. */
export function areNone(problems: readonly Problem[]): boolean {
  const count = problems.length
  if (count === 0) return true
  for (const problem of problems) printError(formatProblem(problem))
  printError(`${String(count)} ${count === 1 ? 'problem' : 'problems'}`)
  return false
}

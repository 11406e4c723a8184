/** `validate`: the configuration read exactly as `run` reads it. */
import type { Environment } from '../config/read/resolve-keys.ts'
import { otlpProblems } from '../record/otlp-environment.ts'
import { formatWarning, warningsOf } from '../config/warnings.ts'
import { printError } from './print.ts'
import { areNone, readSettingsOrExplain, type SettingsOptions } from './settings.ts'

export function validate(options: SettingsOptions, env: Environment): number {
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined || !areNone(otlpProblems(env))) return 2
  for (const warning of warningsOf(reading.settings)) printError(formatWarning(warning))
  const { routes, allowlist } = reading.settings.policy
  console.log(`ok: ${String(routes.length)} route(s), ${String(allowlist.size)} allowed range(s)`)
  return 0
}

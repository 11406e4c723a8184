/** `validate`: reads the configuration exactly as `run` does. */
import { formatProblem, type Problem } from '../config/problem.ts'
import { formatWarning, warningsOf, type Warning } from '../config/warnings.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { otlpProblems } from '../record/otlp-environment.ts'
import { printError, printJson, printText } from './print.ts'
import {
  areNone,
  misuseOf,
  readSettings,
  readSettingsOrExplain,
  type SettingsOptions,
} from './settings.ts'

export interface ValidateOptions extends SettingsOptions {
  readonly json?: boolean
}

/** @returns 0 if `run` would start with it, else 2. */
export function validate(options: ValidateOptions, env: Environment): number {
  if (options.json === true) return validateAsJson(options, env)
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined || !areNone(otlpProblems(env))) return 2
  for (const warning of warningsOf(reading.settings)) printError(formatWarning(warning))
  const { routes, allowlist } = reading.settings.policy
  printText(`ok: ${String(routes.length)} route(s), ${String(allowlist.size)} allowed range(s)`)
  return 0
}

/** Prints one document to stdout for any result (docs/reference/command-line.md). */
function validateAsJson(options: SettingsOptions, env: Environment): number {
  const misuse = misuseOf(options)
  const reading = misuse === undefined ? readSettings(options, env) : undefined
  const settingsProblems = reading?.ok === false ? reading.problems : []
  const problems = [...(misuse ? [misuse] : []), ...settingsProblems, ...otlpProblems(env)]
  const warnings = reading?.ok === true ? warningsOf(reading.settings) : []
  const ok = problems.length === 0
  const report = {
    ok,
    problems: problems.map(reportProblem),
    warnings: warnings.map(reportWarning),
  }
  printJson(report)
  return ok ? 0 : 2
}

/** The names are documented, so each is written out. */
function reportProblem(problem: Problem) {
  const { file, line = null, path, expected, found } = problem
  return { file, line, path, expected, found, message: formatProblem(problem) }
}

function reportWarning(warning: Warning) {
  return { message: warning.message, fields: warning.fields }
}

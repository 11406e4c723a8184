/** `print-config`: the settings in force, each with its origin. */
import { describeSettings } from '../config/effective.ts'
import { servedEnvironment, type SettingsReading } from '../config/load.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { givenPort } from '../config/read/traffic-port.ts'
import { redactSecrets } from '../redact/redact-secrets.ts'
import { readSettingsOrExplain, type SettingsOptions } from './settings.ts'

export function printConfig(options: SettingsOptions, env: Environment): number {
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined) return 2
  const { routes } = reading.settings.policy
  const isInngest = routes.map(({ kind }) => kind === 'inngest')
  const served = servedEnvironment(isInngest.filter(Boolean).length, env)
  const originOf = (path: readonly PropertyKey[]) =>
    fromOptions(path, options, env, reading) ??
    reading.originOf(path) ??
    inheritedChecks(path, reading) ??
    (isInngest[Number(path[1])] ? fromEnvironment(path, served) : undefined)
  process.stdout.write(redactSecrets(describeSettings(reading.settings, originOf)))
  return 0
}

/** The traffic port, if it comes from `--port` or `PORT`. */
function fromOptions(
  path: readonly PropertyKey[],
  { port }: SettingsOptions,
  env: Environment,
  { originOf }: SettingsReading,
): string | undefined {
  const [root, key, ...rest] = path
  if (root !== 'listen' || key !== 'port' || rest.length > 0) return undefined
  const given = givenPort(port, originOf(path) !== undefined, env)
  return given && `${given.origin} ${given.name}`
}

/** The mode on a route may be inherited from the modes for all routes. */
function inheritedChecks(
  path: readonly PropertyKey[],
  { originOf }: SettingsReading,
): string | undefined {
  const [root, , checks, check] = path
  if (root !== 'routes' || checks !== 'checks' || check === undefined) return undefined
  return originOf(['checks', check])
}

/** Variables that users of the SDKs have already set. */
const VARIABLES: Readonly<Record<string, string>> = {
  path: 'INNGEST_SERVE_PATH',
  serveOrigin: 'INNGEST_SERVE_ORIGIN',
}

function fromEnvironment(path: readonly PropertyKey[], env: Environment): string | undefined {
  const [root, , key, ...rest] = path
  if (root !== 'routes' || rest.length > 0) return undefined
  const name = VARIABLES[String(key)]
  return name !== undefined && (env[name] ?? '') !== '' ? `environment ${name}` : undefined
}

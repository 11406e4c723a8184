/** `print-config`: the settings in force, each with its origin. */
import { describeSettings, type OriginOf } from '../config/effective.ts'
import { servedEnvironment } from '../config/load.ts'
import { readPlainFile } from '../config/read/read-file.ts'
import { readYaml } from '../config/read/read-yaml.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { givenPort } from '../config/read/traffic-port.ts'
import { redactSecrets } from '../redact/redact-secrets.ts'
import { readSettingsOrExplain, type SettingsOptions } from './settings.ts'

export function printConfig(options: SettingsOptions, env: Environment): number {
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined) return 2
  const fromFile = options.config === undefined ? fromCommandLine : originsIn(options.config)
  const { routes } = reading.settings.policy
  const isInngest = routes.map(({ kind }) => kind === 'inngest')
  const served = servedEnvironment(isInngest.filter(Boolean).length, env)
  const originOf: OriginOf = (path) =>
    fromOptions(path, options, env, fromFile) ??
    fromFile(path) ??
    (isInngest[Number(path[1])] ? fromEnvironment(path, served) : undefined)
  process.stdout.write(redactSecrets(describeSettings(reading.settings, originOf)))
  return 0
}

/** The traffic port, if `--port` or `PORT` gives it. */
function fromOptions(
  path: readonly PropertyKey[],
  { port }: SettingsOptions,
  env: Environment,
  fromFile: OriginOf,
): string | undefined {
  const [root, key, ...rest] = path
  if (root !== 'listen' || key !== 'port' || rest.length > 0) return undefined
  const given = givenPort(port, fromFile(path) !== undefined, env)
  return given && `${given.origin} ${given.name}`
}

function originsIn(file: string): OriginOf {
  const { has, lineOf } = readYaml(file, readPlainFile(file).toString('utf8'))
  return (path) =>
    has(path) ? `${file}:${String(lineOf(path))}` : inheritedChecks(path, has, lineOf, file)
}

/** A route's mode may be that of all routes. */
function inheritedChecks(
  path: readonly PropertyKey[],
  has: (path: readonly PropertyKey[]) => boolean,
  lineOf: (path: readonly PropertyKey[]) => number | undefined,
  file: string,
): string | undefined {
  const [root, , checks, check] = path
  if (root !== 'routes' || checks !== 'checks' || check === undefined) return undefined
  return has(['checks', check]) ? `${file}:${String(lineOf(['checks', check]))}` : undefined
}

function fromCommandLine(path: readonly PropertyKey[]): string | undefined {
  const [root, , key] = path
  if (root !== 'routes') return undefined
  return key === 'name' || key === 'upstream' || key === 'signingKeys' ? 'command line' : undefined
}

/** What users of the SDKs have set already. */
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

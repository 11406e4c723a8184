/**
 * The traffic port from the command line or the environment. `--port` takes precedence over `listen.port`, and
 * that over `PORT`: the environment may be shared with the app, whose PORT must not change the port of a
 * gateway that its file sets.
 */
import { isMapping } from '../cross-checks.ts'
import { describeFound, type Problem } from '../problem.ts'
import type { Environment } from './resolve-keys.ts'

export interface GivenPort {
  readonly origin: 'command line' | 'environment'
  readonly name: '--port' | 'PORT'
  readonly text: string
}

/** @param isInFile whether the configuration has a `listen.port`. */
export function givenPort(
  flag: string | undefined,
  isInFile: boolean,
  env: Environment,
): GivenPort | undefined {
  if (flag !== undefined) return { origin: 'command line', name: '--port', text: flag }
  const text = env['PORT']
  if (isInFile || text === undefined) return undefined
  return { origin: 'environment', name: 'PORT', text }
}

export function hasListenPort(value: unknown): boolean {
  const listen = isMapping(value) ? value['listen'] : undefined
  return isMapping(listen) && listen['port'] !== undefined
}

/** The configuration with that port. Unchanged if its shape does not allow it, which is reported elsewhere. */
export function withPort(value: unknown, given: GivenPort | undefined): unknown {
  const port = given && portOf(given)
  if (port === undefined || !isMapping(value)) return value
  const { listen = {} } = value
  return isMapping(listen) ? { ...value, listen: { ...listen, port } } : value
}

export function portProblems(given: GivenPort | undefined): Problem[] {
  if (given === undefined || portOf(given) !== undefined) return []
  const { origin, name, text } = given
  const expected = `a port from 0 to 65535${name === 'PORT' ? ', or no such variable' : ''}`
  return [{ file: origin, line: undefined, path: name, expected, found: describeFound(text, []) }]
}

/** @returns undefined if it is no port. Strict: `Number` would accept `1e3`, ` 80` and an empty text. */
function portOf({ text }: GivenPort): number | undefined {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined
}

/**
 * Reads Settings from a file or the environment, or returns every problem at once, of one of three kinds:
 * invalid YAML; a shape that is not that of a configuration; and the rest, such as conflicts between parts and
 * problems with referenced files. There is no other way to load a configuration.
 */
import type { SigningKey } from '../inngest/signing-key.ts'
import { holdsKey } from '../redact/redact-secrets.ts'
import { checkShape } from './read/check-shape.ts'
import { checkTexts } from './read/check-texts.ts'
import { compileSettings, type KeysOfRoutes, type RouteDefaults, type Settings } from './compile.ts'
import {
  doubledRoutes,
  isInngest,
  isMapping,
  isPassthrough,
  listenerClashes,
  sharedKeys,
} from './cross-checks.ts'
import { filesIn } from './read/read-file.ts'
import type { Overrides } from './read/overrides.ts'
import { describeFound, problemAt, type Locate, type Problem } from './problem.ts'
import {
  readKeyFromEnv,
  readKeyFromFile,
  type Environment,
  type KeyReading,
} from './read/resolve-keys.ts'
import { isRoutePath, ROUTE_PATH } from './schema/values.ts'
import { readTls } from './read/read-tls.ts'
import { readSecrets } from './read/secrets.ts'
import { parseServeOrigin } from './origin.ts'
import { readWritten, writtenBy, type OriginOf, type Written } from './read/written.ts'
import { givenPort, hasListenPort, portProblems, withPort } from './read/traffic-port.ts'

export type SettingsReading = SettingsOrProblems & {
  /** Every file that was read, or should have been. */
  readonly files: readonly string[]
  /** Patterns of `include`. */
  readonly patterns: readonly string[]
  /** The time when reading started, Unix milliseconds. */
  readonly readAtMs: number
  readonly locate: Locate
  readonly originOf: OriginOf
}

type SettingsOrProblems =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const DEFAULT_PATH = '/api/inngest'

export function readSettingsFile(
  file: string,
  env: Environment,
  { port, set = [] }: Overrides = {},
): SettingsReading {
  const readAtMs = Date.now()
  return readSettings(readWritten(file, env, set), env, port, readAtMs)
}

/** One route to `upstream`, with the environment variables that users of the SDKs already have. */
export function readSettingsFromEnvironment(
  upstream: string | undefined,
  env: Environment,
  { port, set = [] }: Overrides = {},
): SettingsReading {
  const readAtMs = Date.now()
  const keys = ['INNGEST_SIGNING_KEY', 'INNGEST_SIGNING_KEY_FALLBACK']
  const signingKeys = keys
    .filter((name, i) => i === 0 || isSet(env[name]))
    .map((name) => ({ env: name }))
  const value = {
    routes: [{ name: 'default', ...(upstream === undefined ? {} : { upstream }), signingKeys }],
  }
  return readSettings(writtenBy(value, env, set), env, port, readAtMs)
}

function readSettings(
  written: Written,
  env: Environment,
  port: string | undefined,
  readAtMs: number,
): SettingsReading {
  const { value, problems, files, patterns, locate, originOf } = written
  // For invalid YAML, further messages would be about keys and values that the operator did not write.
  const reading = written.isReadable
    ? checkWritten(written, env, port)
    : { ok: false as const, problems }
  const sorted = reading.ok ? reading : { ...reading, problems: inOrder(reading.problems, files) }
  return { ...sorted, files: [...files, ...filesIn(value)], patterns, readAtMs, locate, originOf }
}

function checkWritten(
  written: Written,
  env: Environment,
  port: string | undefined,
): SettingsOrProblems {
  const { locate } = written
  const given = givenPort(port, hasListenPort(written.value), env)
  const value = withPort(written.value, given)
  const shape = checkShape(value, locate)
  const routes = rawRoutes(value)
  const served = servedEnvironment(routes.filter(isInngest).length, env)
  const defaults = routeDefaults(served)
  const { keys, problems: keyProblems } = readAllKeys(routes, env, locate)
  // A problem that YAML, an option or the schema reports for a value is reported only once.
  const explained = new Set(written.problems.map(placeOf))
  const shapeProblems = shape.problems.filter(
    (problem) => problem.path === '' || !explained.has(placeOf(problem)),
  )
  for (const problem of shapeProblems) explained.add(placeOf(problem))
  const problems = [
    ...written.problems,
    ...portProblems(given),
    ...(given?.name === '--port' && written.isSet(['listen', 'port']) ? [TWO_PORTS] : []),
    ...shapeProblems,
    ...checkTexts(value, locate).filter((problem) => !explained.has(placeOf(problem))),
    ...unexplained(keyProblems, explained),
    ...doubledRoutes(routes, DEFAULT_PATH, locate),
    ...environmentProblems(served),
  ]
  if (shape.config === undefined) return { ok: false, problems }
  problems.push(...listenerClashes(shape.config, locate, given))
  problems.push(...sharedKeys(shape.config.routes, keys.signing, locate))
  const tls = readTls(shape.config, locate)
  if (!tls.ok) problems.push(...unexplained(tls.problems, explained))
  const read = readSecrets(shape.config, env, locate)
  if (!read.ok) problems.push(...unexplained(read.problems, explained))
  if (!tls.ok || !read.ok || problems.length > 0) return { ok: false, problems }
  const settings = compileSettings(shape.config, keys, tls.material, read.secrets, defaults)
  return { ok: true, settings }
}

const TWO_PORTS: Problem = {
  file: 'command line',
  line: undefined,
  path: '--port',
  expected: 'either --port or --set listen.port',
  found: 'both',
}

function placeOf({ file, path }: Problem): string {
  return `${file}: ${path}`
}

/** Without the problems of a reference for which another problem was reported. */
function unexplained(
  problems: readonly Problem[],
  explained: ReadonlySet<string>,
): readonly Problem[] {
  return problems.filter((problem) => {
    const place = placeOf(problem)
    return ![...explained].some((each) => each === place || each.startsWith(`${place}.`))
  })
}

/** Problems without a file come first, then those of each file in turn. */
function inOrder(problems: readonly Problem[], files: readonly string[]): Problem[] {
  return problems.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || (a.line ?? 0) - (b.line ?? 0),
  )
}

/** The routes as far as they can be read, so that one mistake does not hide the others. */
function rawRoutes(value: unknown): readonly Record<string, unknown>[] {
  const routes: unknown = isMapping(value) ? value['routes'] : undefined
  return Array.isArray(routes)
    ? routes.map((route: unknown) => (isMapping(route) ? route : {}))
    : []
}

function readAllKeys(
  routes: readonly Record<string, unknown>[],
  env: Environment,
  locate: Locate,
): { keys: KeysOfRoutes; problems: Problem[] } {
  const problems: Problem[] = []
  const keyAt = (reference: unknown, path: readonly PropertyKey[]): SigningKey | undefined => {
    const reading = readKey(reference, env)
    if (reading?.ok === false) problems.push(problemAt(locate(path), reading))
    return reading?.ok === true ? reading.key : undefined
  }
  const signing = routes.map((route, i) => {
    const references: unknown = isPassthrough(route) ? undefined : route['signingKeys']
    if (!Array.isArray(references)) return []
    return references
      .map((reference: unknown, j) => keyAt(reference, ['routes', i, 'signingKeys', j]))
      .filter((key) => key !== undefined)
  })
  const resign = routes.map((route, i) =>
    isPassthrough(route) ? undefined : keyAt(route['resignWith'], ['routes', i, 'resignWith']),
  )
  return { keys: { signing, resign }, problems }
}

/** @returns undefined if it is no reference; the schema reports that. */
function readKey(reference: unknown, env: Environment): KeyReading | undefined {
  if (!isMapping(reference)) return undefined
  const { env: name, file } = reference
  if (typeof name === 'string' && name !== '') return readKeyFromEnv(name, env)
  if (typeof file === 'string' && file !== '') return readKeyFromFile(file)
  return undefined
}

/** The variables of the SDKs contain one path and origin, so they fit a single route only. */
export function servedEnvironment(inngestRoutes: number, env: Environment): Environment {
  return inngestRoutes === 1 ? env : {}
}

function routeDefaults(env: Environment): RouteDefaults {
  const path = env['INNGEST_SERVE_PATH']
  const serveOrigin = env['INNGEST_SERVE_ORIGIN']
  return {
    path: path === undefined || path === '' ? DEFAULT_PATH : path,
    serveOrigin: serveOrigin === '' ? undefined : serveOrigin,
  }
}

function environmentProblems(env: Environment): Problem[] {
  const problems: Problem[] = []
  const add = (name: string, expected: string) =>
    problems.push({
      file: 'environment',
      line: undefined,
      path: name,
      expected,
      found: describeFound(env[name], []),
    })
  const { path, serveOrigin } = routeDefaults(env)
  if (!isRoutePath(path) || holdsKey(path)) add('INNGEST_SERVE_PATH', ROUTE_PATH)
  if (
    serveOrigin !== undefined &&
    (parseServeOrigin(serveOrigin) === undefined || holdsKey(serveOrigin))
  ) {
    add('INNGEST_SERVE_ORIGIN', 'an origin such as https://app.example.com')
  }
  return problems
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

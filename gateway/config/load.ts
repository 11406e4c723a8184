/**
 * From a file or the environment to Settings, or every problem at once, of three kinds one after the
 * other: that it is no YAML, that it has not the shape of a configuration, and the rest, of parts that
 * do not go together and of files that are named. The one path in.
 */
import { isUtf8 } from 'node:buffer'

import type { SigningKey } from '../inngest/signing-key.ts'
import { holdsKey } from '../redact/redact-secrets.ts'
import { checkShape } from './read/check-shape.ts'
import { checkTexts } from './read/check-texts.ts'
import { compileSettings, type RouteDefaults, type Settings } from './compile.ts'
import { doubledRoutes, isMapping, isPassthrough, listenerClashes } from './cross-checks.ts'
import { filesIn } from './read/read-file.ts'
import { describeFound, formatPath, type LineOf, type Problem } from './problem.ts'
import { readPlainFile, whyUnreadable } from './read/read-file.ts'
import { readYaml } from './read/read-yaml.ts'
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
import { givenPort, hasListenPort, portProblems, withPort } from './read/traffic-port.ts'

export type SettingsReading = SettingsOrProblems & {
  /** Every file that was read, or should have been. */
  readonly files: readonly string[]
  /** When the reading began, Unix milliseconds. */
  readonly readAtMs: number
  /** The line in the first of `files`. */
  readonly lineOf: LineOf
}

type SettingsOrProblems =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const noLine: LineOf = () => undefined

const DEFAULT_PATH = '/api/inngest'

/** @param port what `--port` says. */
export function readSettingsFile(file: string, env: Environment, port?: string): SettingsReading {
  const readAtMs = Date.now()
  const unread = (expected: string, found: string): SettingsReading => {
    const problem = { file, line: undefined, path: '', expected, found }
    return { ok: false, problems: [problem], files: [file], readAtMs, lineOf: noLine }
  }
  let bytes: Buffer
  try {
    bytes = readPlainFile(file)
  } catch (error) {
    return unread('a readable file', whyUnreadable(error))
  }
  if (!isUtf8(bytes) || bytes.includes(0)) {
    return unread('a file in UTF-8', 'another encoding, such as UTF-16: save it as UTF-8')
  }
  const yaml = readYaml(file, bytes.toString('utf8'))
  // What is made of YAML that is none would be told of keys and values that nobody has written.
  const reading = yaml.isReadable
    ? readSettings(file, yaml.value, env, yaml.lineOf, yaml.problems, port)
    : fail(yaml.problems)
  return { ...reading, files: [file, ...filesIn(yaml.value)], readAtMs, lineOf: yaml.lineOf }
}

/** One route to `upstream`, with the variables that users of the SDKs have already. */
export function readSettingsFromEnvironment(
  upstream: string | undefined,
  env: Environment,
  port?: string,
): SettingsReading {
  const readAtMs = Date.now()
  const keys = ['INNGEST_SIGNING_KEY', 'INNGEST_SIGNING_KEY_FALLBACK']
  const signingKeys = keys
    .filter((name, i) => i === 0 || isSet(env[name]))
    .map((name) => ({ env: name }))
  const value = {
    routes: [{ name: 'default', ...(upstream === undefined ? {} : { upstream }), signingKeys }],
  }
  const reading = readSettings('command line', value, env, noLine, [], port)
  return { ...reading, files: [], readAtMs, lineOf: noLine }
}

function readSettings(
  file: string,
  written: unknown,
  env: Environment,
  lineOf: LineOf,
  yamlProblems: readonly Problem[],
  port: string | undefined,
): SettingsOrProblems {
  const given = givenPort(port, hasListenPort(written), env)
  const value = withPort(written, given)
  const shape = checkShape(file, value, lineOf)
  const routes = rawRoutes(value)
  const served = servedEnvironment(routes.filter((route) => !isPassthrough(route)).length, env)
  const defaults = routeDefaults(served)
  const keyProblems: Problem[] = []
  const keys = routes.map((route, i) =>
    readKeys(route, i, env, (path, reading) => {
      keyProblems.push({ file, line: lineOf(path), path: formatPath(path), ...reading })
    }),
  )
  // What YAML or the schema says of a value is said once.
  const explained = new Set(yamlProblems.map(({ path }) => path))
  const shapeProblems = shape.problems.filter(({ path }) => path === '' || !explained.has(path))
  for (const { path } of shapeProblems) explained.add(path)
  const problems = [
    ...yamlProblems,
    ...portProblems(given),
    ...shapeProblems,
    ...checkTexts(file, value, lineOf).filter(({ path }) => !explained.has(path)),
    ...keyProblems,
    ...doubledRoutes(file, routes, DEFAULT_PATH, lineOf),
    ...environmentProblems(served),
  ]
  if (shape.config === undefined) return fail(problems)
  problems.push(...listenerClashes(file, shape.config, lineOf, given))
  const tls = readTls(file, shape.config, lineOf)
  if (!tls.ok) problems.push(...tls.problems)
  const read = readSecrets(file, shape.config, env, lineOf)
  if (!read.ok) problems.push(...read.problems)
  if (!tls.ok || !read.ok || problems.length > 0) return fail(problems)
  const settings = compileSettings(shape.config, keys, tls.material, read.secrets, defaults)
  return { ok: true, settings }
}

function fail(problems: readonly Problem[]): SettingsOrProblems {
  return { ok: false, problems: problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
}

/** The routes as far as they can be made out, so that one mistake does not hide the others. */
function rawRoutes(value: unknown): readonly Record<string, unknown>[] {
  const routes: unknown = isMapping(value) ? value['routes'] : undefined
  return Array.isArray(routes)
    ? routes.map((route: unknown) => (isMapping(route) ? route : {}))
    : []
}

function readKeys(
  route: Record<string, unknown>,
  routeIndex: number,
  env: Environment,
  report: (path: readonly PropertyKey[], reading: { expected: string; found: string }) => void,
): SigningKey[] {
  const references: unknown = isPassthrough(route) ? undefined : route['signingKeys']
  if (!Array.isArray(references)) return []
  return references.flatMap((reference: unknown, i) => {
    const reading = readKey(reference, env)
    if (reading === undefined) return []
    if (reading.ok) return [reading.key]
    report(['routes', routeIndex, 'signingKeys', i], {
      expected: reading.expected,
      found: reading.found,
    })
    return []
  })
}

/** @returns undefined for what is no reference; the schema says so already. */
function readKey(reference: unknown, env: Environment): KeyReading | undefined {
  if (!isMapping(reference)) return undefined
  const { env: name, file } = reference
  if (typeof name === 'string' && name !== '') return readKeyFromEnv(name, env)
  if (typeof file === 'string' && file !== '') return readKeyFromFile(file)
  return undefined
}

/** What users of the SDKs have set says one path and origin, so it fits one route only. */
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

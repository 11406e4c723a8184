/** From a file or the environment to Settings, or every problem at once. The one path in. */
import { readFileSync } from 'node:fs'

import type { SigningKey } from '../inngest/signing-key.ts'
import { checkShape } from './check-shape.ts'
import { compileSettings, type RouteDefaults, type Settings } from './compile.ts'
import { describeFound, formatPath, type Problem } from './problem.ts'
import { readYaml } from './read-yaml.ts'
import {
  readKeyFromEnv,
  readKeyFromFile,
  type Environment,
  type KeyReading,
} from './resolve-keys.ts'
import { parseServeOrigin } from './serve-origin.ts'

export type SettingsReading =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] }

type LineOf = (path: readonly PropertyKey[]) => number | undefined

const DEFAULT_PATH = '/api/inngest'

export function readSettingsFile(file: string, env: Environment): SettingsReading {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return fail([{ file, line: undefined, path: '', expected: 'a readable file', found: code }])
  }
  const yaml = readYaml(file, text)
  return readSettings(file, yaml.value, env, yaml.lineOf, yaml.problems)
}

/** One route to `upstream`, with the variables that users of the SDKs have already. */
export function readSettingsFromEnvironment(
  upstream: string | undefined,
  env: Environment,
): SettingsReading {
  const keys = ['INNGEST_SIGNING_KEY', 'INNGEST_SIGNING_KEY_FALLBACK']
  const signingKeys = keys
    .filter((name, i) => i === 0 || isSet(env[name]))
    .map((name) => ({ env: name }))
  const value = {
    routes: [{ name: 'default', ...(upstream === undefined ? {} : { upstream }), signingKeys }],
  }
  return readSettings('command line', value, env, () => undefined, [])
}

function readSettings(
  file: string,
  value: unknown,
  env: Environment,
  lineOf: LineOf,
  yamlProblems: readonly Problem[],
): SettingsReading {
  const shape = checkShape(file, value, lineOf)
  const routes = rawRoutes(value)
  const defaults = routeDefaults(routes.length === 1 ? env : {})
  const keyProblems: Problem[] = []
  const keys = routes.map((route, i) =>
    readKeys(route, i, env, (path, reading) => {
      keyProblems.push({ file, line: lineOf(path), path: formatPath(path), ...reading })
    }),
  )
  const problems = [
    ...yamlProblems,
    ...shape.problems,
    ...keyProblems,
    ...doubledRoutes(file, routes, lineOf),
    ...environmentProblems(routes.length === 1 ? env : {}),
  ]
  if (shape.config === undefined || problems.length > 0) return fail(problems)
  const clash = listenerClash(file, shape.config, lineOf)
  if (clash !== undefined) return fail([clash])
  return { ok: true, settings: compileSettings(shape.config, keys, defaults) }
}

function fail(problems: readonly Problem[]): SettingsReading {
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
  const references: unknown = route['signingKeys']
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
  if (!/^\/(?!\/)[A-Za-z0-9_~.,:@!$&'()*+=/-]*$/.test(path))
    add('INNGEST_SERVE_PATH', 'an absolute path')
  if (serveOrigin !== undefined && parseServeOrigin(serveOrigin) === undefined) {
    add('INNGEST_SERVE_ORIGIN', 'an origin such as https://app.example.com')
  }
  return problems
}

function doubledRoutes(
  file: string,
  routes: readonly Record<string, unknown>[],
  lineOf: LineOf,
): Problem[] {
  const problems: Problem[] = []
  const seen = new Set<string>()
  for (const [i, { name, host, path }] of routes.entries()) {
    const nameKey = `name ${String(name)}`
    const targetKey = JSON.stringify([
      'target',
      typeof host === 'string' ? host.toLowerCase() : '',
      path ?? DEFAULT_PATH,
    ])
    const isDoubled = { name: name !== undefined && seen.has(nameKey), path: seen.has(targetKey) }
    for (const key of ['name', 'path'] as const) {
      if (!isDoubled[key]) continue
      const keyPath = ['routes', i, key]
      const expected = key === 'name' ? 'a name of its own' : 'a host and path of its own'
      problems.push({
        file,
        line: lineOf(keyPath),
        path: formatPath(keyPath),
        expected,
        found: 'those of an earlier route',
      })
    }
    seen.add(nameKey).add(targetKey)
  }
  return problems
}

function listenerClash(
  file: string,
  { listen, ops }: { listen: Listener; ops: Listener },
  lineOf: LineOf,
): Problem | undefined {
  if (listen.port !== ops.port || ops.port === 0) return undefined
  const everyAddress = ['0.0.0.0', '::']
  const overlap =
    listen.host === ops.host || [listen.host, ops.host].some((host) => everyAddress.includes(host))
  if (!overlap) return undefined
  return {
    file,
    line: lineOf(['ops', 'port']),
    path: 'ops.port',
    expected: 'a port other than listen.port',
    found: String(ops.port),
  }
}

interface Listener {
  readonly host: string
  readonly port: number
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

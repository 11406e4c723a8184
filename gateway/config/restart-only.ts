/**
 * Settings that only a restart changes, because listeners and the replay cache are made with them. With another
 * `legacyServer` a signature has another key: claimed under the old one, it could be used again under the new
 * one.
 */
import { isDeepStrictEqual } from 'node:util'

import type { ReplaySecrets } from './compile.ts'
import { isMapping } from './cross-checks.ts'
import type { SettingsReading } from './load.ts'
import { describeFound, problemAt, type Problem } from './problem.ts'
import { toFile } from './schema/code-names.ts'
import type { Config } from './schema/config.ts'

export const restartOnly = [
  'listen.host',
  'listen.port',
  'listen.proxyProtocol',
  'listen.tls',
  'ops.host',
  'ops.port',
  'ops.hosts',
  'ops.statusPage.enabled',
  'ops.statusPage.token',
  'externalAuth',
  'workers',
  'replay.store',
  'replay.maxEntries',
  'replay.coldStart',
  'replay.url',
  'replay.username',
  'replay.password',
  'replay.caFile',
  'replay.certFile',
  'replay.keyFile',
  'replay.cluster',
  'replay.sentinels',
  'replay.sentinelName',
  'replay.sentinelUsername',
  'replay.sentinelPassword',
  'replay.keyPrefix',
  'replay.timeout',
  'replay.whenUnavailable',
  'limits.maxHeaderSize',
  'limits.headersTimeout',
  'limits.keepAliveTimeout',
] as const

/** The same, for the keys of each route. */
export const restartOnlyOfRoutes = ['legacyServer'] as const

/**
 * One problem for each of these keys that would change, with the change in it.
 * @param next the new configuration.
 */
export function restartProblems(
  { locate }: Pick<SettingsReading, 'locate'>,
  running: Config,
  next: Config,
): Problem[] {
  const [before, after] = [toFile(running), toFile(next)]
  const ofKeys = restartOnly.map((key) => {
    const path = key.split('.')
    return changeOf(path, valueAt(before, path), valueAt(after, path))
  })
  return [...ofKeys, ...changedRoutes(running, next)]
    .filter((change) => change !== undefined)
    .map((change) => problemAt(locate(change.path), describe(change)))
}

/**
 * Routes may be added and removed, but a route that keeps its name keeps the settings that its claims depend
 * on.
 */
function changedRoutes(running: Config, next: Config): (Change | undefined)[] {
  return next.routes.flatMap((route, i) => {
    const before = running.routes.find(({ name }) => name === route.name)
    return restartOnlyOfRoutes.map(
      (key) => before && changeOf(['routes', i, key], before[key], route[key]),
    )
  })
}

interface Change {
  readonly path: readonly PropertyKey[]
  readonly before: unknown
  readonly after: unknown
}

/** The first difference, within mappings that exist in both. */
function changeOf(
  path: readonly PropertyKey[],
  before: unknown,
  after: unknown,
): Change | undefined {
  if (isDeepStrictEqual(before, after)) return undefined
  if (!isMapping(before) || !isMapping(after)) return { path, before, after }
  const keys = Object.keys({ ...before, ...after })
  const changes = keys.map((key) => changeOf([...path, key], before[key], after[key]))
  return changes.find((change) => change !== undefined)
}

function describe({ path, before, after }: Change): Pick<Problem, 'expected' | 'found'> {
  const [was, found] = [describeFound(before, path), describeFound(after, path)]
  return was === found
    ? { expected: 'no change until a restart', found: 'one' }
    : { expected: `${was} until a restart`, found }
}

/** Keys for references whose content the replay store is made with. */
const REPLAY_KEYS = {
  password: 'replay.password',
  ca: 'replay.caFile',
  cert: 'replay.certFile',
  key: 'replay.keyFile',
  sentinelPassword: 'replay.sentinelPassword',
} as const satisfies Record<keyof ReplaySecrets, (typeof restartOnly)[number]>

/** New content of these files takes effect at a restart, and the log reports it. */
export const filesAwaitingRestart: readonly string[] = Object.values(REPLAY_KEYS)

/**
 * The keys whose files have new content. They do not prevent a reload: secrets are rotated by other people,
 * often together with signing keys, and those must not wait for a restart.
 */
export function keysAwaitingRestart(running: ReplaySecrets, next: ReplaySecrets): string[] {
  const names = Object.keys(REPLAY_KEYS) as (keyof ReplaySecrets)[]
  return names.filter((name) => running[name] !== next[name]).map((name) => REPLAY_KEYS[name])
}

function valueAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    config,
  )
}

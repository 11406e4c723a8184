/** The configurations that take turns: each decides some requests differently, and the oracle knows how. */
import type { Random } from './random.ts'

export const keys = {
  one: 'signkey-test-0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0',
  /** In force in some configurations only. */
  two: 'signkey-test-1111111122222222333333334444444455555555666666667777777788888888',
  /** Of nobody. */
  foreign: 'signkey-test-deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
} as const

export type KeyName = keyof typeof keys

export const environment = { SOAK_KEY_ONE: keys.one, SOAK_KEY_TWO: keys.two }

export const addresses = {
  allowed: '127.0.0.1',
  /** Allowed in some configurations only. */
  sometimes: '127.0.0.2',
  never: '127.0.0.3',
} as const

type Mode = 'enforce' | 'report'

export interface Settings {
  readonly generation: number
  readonly hasKeyTwo: boolean
  readonly isSometimesAllowed: boolean
  readonly introspection: boolean
  readonly hasExtraRoute: boolean
  readonly callIds: Mode
  readonly syncBody: Mode
  readonly syncUrl: Mode
}

export function drawSettings(generation: number, random: Random): Settings {
  const mode = (): Mode => (random.chance(0.5) ? 'enforce' : 'report')
  return {
    generation,
    hasKeyTwo: random.chance(0.5),
    isSometimesAllowed: random.chance(0.5),
    introspection: random.chance(0.7),
    hasExtraRoute: random.chance(0.5),
    callIds: mode(),
    syncBody: mode(),
    syncUrl: mode(),
  }
}

export const hosts = {
  any: 'app.example.com',
  named: 'named.example.com',
  open: 'open.example.com',
} as const

export interface Places {
  /** Where the app listens. */
  readonly app: string
  /** Where nothing listens. */
  readonly nowhere: string
  readonly redis: string
}

/** @param checks modes that the oracle knows nothing of: for a gateway that is wrong on purpose. */
export function configurationOf(settings: Settings, places: Places, checks: object): object {
  const { hasKeyTwo, isSometimesAllowed, introspection, hasExtraRoute, generation } = settings
  const signingKeys = [{ env: 'SOAK_KEY_ONE' }, ...(hasKeyTwo ? [{ env: 'SOAK_KEY_TWO' }] : [])]
  const route = (name: string, path: string, upstream = places.app) => ({
    name,
    path,
    upstream,
    signingKeys,
    introspection,
  })
  const { callIds, syncBody, syncUrl } = settings
  return {
    workers: 2,
    listen: { host: '127.0.0.1', port: 0 },
    ops: { host: '127.0.0.1', port: 0 },
    allowlist: [addresses.allowed, ...(isSometimesAllowed ? [addresses.sometimes] : [])],
    // Pairs are learned from many calls: test/security/function-pairs.test.ts.
    checks: { functionId: 'off', callIds, syncBody, syncUrl, ...checks },
    replay: { store: 'redis', url: places.redis, timeout: '10s' },
    shutdown: { delay: '0s' },
    // Decides nothing here, and gives each configuration a fingerprint of its own.
    limits: { maxBodySize: `${String(10_000_000 + generation)}B` },
    routes: [
      route('app', '/api/inngest'),
      route('other', '/api/other'),
      { ...route('named', '/api/inngest'), host: hosts.named },
      route('gone', '/api/gone', places.nowhere),
      ...(hasExtraRoute ? [route('extra', '/api/extra')] : []),
      { name: 'open', policy: 'passthrough', host: hosts.open, upstream: places.app },
    ],
  }
}

/** What a gateway must not take over, whatever else is in it. */
export function brokenConfiguration(configuration: object, random: Random): string {
  return random.pick([
    () => `${JSON.stringify(configuration)}}`,
    () => JSON.stringify({ ...configuration, alowlist: [] }),
    // Only at a restart.
    () => JSON.stringify({ ...configuration, workers: 3 }),
    () => JSON.stringify({ ...configuration, routes: [] }),
  ])()
}

import { describe, expect, it } from 'vitest'

import { replaySchema } from '../../../gateway/config/schema/replay.ts'

const password = { env: 'PASSWORD' }
const url = 'redis://valkey:6379'
const tlsUrl = 'rediss://valkey:6379'
const pair = { certFile: '/cert.pem', keyFile: '/key.pem' }
const behind = (...sentinels: string[]) => ({ sentinels, sentinelName: 'primary' })

/** What is said of it, by key. */
function problemsOf(replay: object): Record<string, string> {
  const { error } = replaySchema.safeParse(replay)
  const issues = error?.issues ?? []
  return Object.fromEntries(issues.map(({ path, message }) => [path.join('.'), message]))
}

describe('replay', () => {
  it('is in memory if nothing is said', () => {
    expect(replaySchema.parse(undefined)).toMatchObject({ store: 'memory', maxEntries: 1_000_000 })
  })

  it.each([
    { url },
    { url: 'redis://valkey' },
    { url: 'redis://[::1]:6379/5' },
    { url, username: 'gateway', password },
    { url: tlsUrl, caFile: '/ca.pem', ...pair },
    { url, cluster: true },
    behind('a:26379', 'b:26379'),
    { ...behind('rediss://a:26379', 'rediss://[::1]:26379'), ...pair },
    behind('rediss:26379'),
    { ...behind('a:26379'), sentinelUsername: 'gateway', sentinelPassword: password, password },
  ])('may be in Redis by %j', (replay) => {
    expect(problemsOf({ store: 'redis', ...replay })).toEqual({})
  })

  it.each([
    [{}, { url: 'either url or sentinels' }],
    [{ url, ...behind('a:1') }, { url: 'either url or sentinels' }],
    [{ sentinels: ['a:1'] }, { sentinelName: 'a name, since there are sentinels' }],
    [{ url, sentinelName: 'a' }, { sentinelName: 'nothing unless there are sentinels' }],
    [
      { ...behind('a:1'), cluster: true },
      { cluster: 'url to a node of the cluster, without a /db' },
    ],
    [
      { url: `${url}/1`, cluster: true },
      { cluster: 'url to a node of the cluster, without a /db' },
    ],
    [behind('a:1', 'rediss://b:1'), { sentinels: 'rediss:// at all of them or at none' }],
    [behind('redis://a:1'), { 'sentinels.0': 'host:port, or rediss://host:port' }],
    [behind('rediss://user:word@a:1'), { 'sentinels.0': 'host:port, or rediss://host:port' }],
    [{ url, caFile: '/ca.pem' }, { caFile: 'nothing unless it is reached by rediss://' }],
    [
      { ...behind('a:1'), caFile: '/ca.pem' },
      { caFile: 'nothing unless it is reached by rediss://' },
    ],
    [
      { url, ...pair },
      {
        certFile: 'nothing unless it is reached by rediss://',
        keyFile: 'nothing unless it is reached by rediss://',
      },
    ],
    [{ url: tlsUrl, certFile: '/x' }, { certFile: 'both certFile and keyFile, or neither' }],
    [{ url: tlsUrl, keyFile: '/x' }, { certFile: 'both certFile and keyFile, or neither' }],
    [
      { url, sentinelPassword: password },
      { sentinelPassword: 'nothing unless there are sentinels' },
    ],
    [{ url, sentinelUsername: 'a' }, { sentinelUsername: 'nothing unless there are sentinels' }],
    [
      { ...behind('a:1'), sentinelPassword: 'word' },
      { sentinelPassword: 'a reference, env: NAME or file: /path' },
    ],
    [{ url, keyPrefix: 'a{b}' }, { keyPrefix: 'visible ASCII without { or }' }],
  ])('reports for Redis by %j %j', (replay, problems) => {
    expect(problemsOf({ store: 'redis', ...replay })).toEqual(problems)
  })

  it.each([
    'http://valkey',
    'REDISS://valkey',
    ' rediss://valkey',
    'redis://valkey/100',
    'redis://',
    'redis://a:b@valkey',
    'redis://valkey?db=1',
    'valkey:6379',
  ])('is not at %s', (address) => {
    expect(Object.keys(problemsOf({ store: 'redis', url: address }))).toEqual(['url'])
  })

  it('has nothing of Redis in memory', () => {
    const replay = { url, username: 'a', password, caFile: '/a', ...pair, ...behind('a:1') }
    const problems = problemsOf({ ...replay, sentinelUsername: 'a', sentinelPassword: password })
    expect(new Set(Object.values(problems))).toEqual(
      new Set(['nothing unless replay.store is redis']),
    )
    expect(Object.keys(problems)).toHaveLength(10)
  })
})

/** `--set`: single values of the command line, which come before those of the files. */
import { describe, expect, it } from 'vitest'

import {
  readSettingsFile,
  readSettingsFromEnvironment,
  type SettingsReading,
} from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { mountSecret } from '../../support/secret-mount.ts'

const key = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }
const file = `listen: { host: 127.0.0.1, port: 8083 }
limits: { maxConnections: 7 }
allowlist: [inngest, 10.0.0.0/8]
routes:
  - { name: billing, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }
  - { name: shop, path: /shop, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }
`

function read(set: string[], port?: string): SettingsReading {
  const mount = mountSecret({ 'gateway.yaml': file })
  const overrides = { set, ...(port !== undefined && { port }) }
  return readSettingsFile(mount.fileOf('gateway.yaml'), { ...key, HOST: '::1' }, overrides)
}

function configOf(reading: SettingsReading) {
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  return reading.settings.config
}

function problemsOf(reading: SettingsReading): string[] {
  if (reading.ok) return []
  return reading.problems
    .map(formatProblem)
    .map((problem) => problem.replace(/^\S*(?=gateway\.yaml)/, ''))
}

describe('--set', () => {
  it.each([
    [['limits.maxConnections=500'], { limits: { maxConnections: 500 } }],
    [['limits.maxConnections=1', 'limits.maxConnections=2'], { limits: { maxConnections: 2 } }],
    [['limits.maxBodySize=2KiB'], { limits: { maxBodyBytes: 2048, maxConnections: 7 } }],
    [['log.level=debug'], { log: { level: 'debug' } }],
    [['listen.port=8084'], { listen: { host: '127.0.0.1', port: 8084 } }],
    [['listen.host=${HOST}'], { listen: { host: '::1' } }],
    [['listen.proxyProtocol=true', 'trustedProxies[0]=10.0.0.1'], { trustedProxies: ['10.0.0.1'] }],
    [['allowlist[1]=10.1.0.0/16'], { allowlist: ['inngest', '10.1.0.0/16'] }],
    [['allowlist[2]=10.1.0.0/16'], { allowlist: ['inngest', '10.0.0.0/8', '10.1.0.0/16'] }],
    [['inngestRanges.file=0123'], { inngestRanges: { file: '0123' } }],
    [['inngestRanges.file="a b"'], { inngestRanges: { file: 'a b' } }],
    [['inngestRanges.file=a=b: #c'], { inngestRanges: { file: 'a=b: #c' } }],
    [['routes[1].path=/x'], { routes: [{ name: 'billing' }, { path: '/x' }] }],
    [['routes.shop.path=/x'], { routes: [{ name: 'billing' }, { path: '/x' }] }],
    [['routes.shop.checks.replay=report'], { routes: [{}, { checks: { replay: 'report' } }] }],
  ])('%j comes before the file', (set, expected) => {
    expect(configOf(read(set))).toMatchObject(expected)
  })

  it.each([
    [
      'limits.maxConnection=1',
      /^command line: --set limits\.maxConnection: expected one of .*, found an unknown key \(did you mean maxConnections\?\)$/,
    ],
    [
      'limits.maxConnections=many',
      'command line: --set limits.maxConnections: expected a number, found "many"',
    ],
    [
      'routes.biling.path=/x',
      'command line: --set routes.biling.path: expected the name of a route, one of billing, shop, found no such route (did you mean billing?)',
    ],
    [
      'routes[2].path=/x',
      'command line: --set routes[2].path: expected the name of a route, one of billing, shop, found only 2 routes',
    ],
    [
      'routes.shop.path=x',
      /^command line: --set routes\.shop\.path: expected an absolute path.*, found "x"$/,
    ],
    [
      'allowlist[3]=10.0.0.1',
      'command line: --set allowlist[3]: expected at most [2], which adds an entry, found [3]',
    ],
    [
      'allowlist.inngest=true',
      'command line: --set allowlist.inngest: expected an index such as [0], since this is a list, found .inngest',
    ],
    [
      'limits[0]=1',
      'command line: --set limits[0]: expected a key, since this is a mapping, found [0]',
    ],
    [
      'allowlist=[10.0.0.1]',
      'command line: --set allowlist: expected a single value; entries of a list are set one by one, as in allowlist[0]=inngest, found a list or a mapping',
    ],
    [
      'listen.host="a',
      'command line: --set listen.host: expected a closing quote at the end, found none',
    ],
    [
      'listen.host=${HSOT}',
      'command line: --set listen.host: expected the environment variable HSOT, or a default as in ${HSOT:-value}, found it unset (did you mean HOST?)',
    ],
    [
      'include=x.yaml',
      'command line: --set include: expected include only in the file, since its paths are relative to the file, found it on the command line',
    ],
    [
      '__proto__.x=1',
      /^command line: --set: expected a key, = and a value, such as .*, found the key __proto__\.x$/,
    ],
    [
      'constructor.x=1',
      /^command line: --set constructor\.x: expected one of .*, found an unknown key$/,
    ],
    [
      'ops.port=8083',
      /^command line: --set ops\.port: expected a port other than listen\.port, found 8083$/,
    ],
  ])('%s is a problem that names it', (set, problem) => {
    const expected: unknown = typeof problem === 'string' ? problem : expect.stringMatching(problem)
    expect(problemsOf(read([set]))).toEqual([expected])
  })

  it.each([
    'TOPSECRET',
    'replay.password=TOPSECRET',
    'routes.shop.signingKeys=TOPSECRET',
    'routes.shop.signingKeys[0]=TOPSECRET',
    'routes.shop.signingKeys[0].env=signkey-prod-TOPSECRET',
    'routes.shop.name=signkey-prod-topsecret',
    'inngestRanges.file=signkey-prod-TOPSECRET',
    'signkey-prod-TOPSECRET=1',
  ])('%s is refused, and not shown', (set) => {
    const lines = problemsOf(read([set]))
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.join('\n')).not.toMatch(/topsecret/i)
    expect(lines.join('\n')).toContain('--set')
  })

  it('excludes --port where both would set it', () => {
    expect(problemsOf(read(['listen.port=1'], '2'))).toEqual([
      'command line: --port: expected either --port or --set listen.port, found both',
    ])
  })

  it('comes before PORT, and sets the single route that --upstream makes', () => {
    const set = ['listen.port=8084', 'routes.default.path=/x']
    const env = { ...key, PORT: '8085' }
    const { listen, routes } = configOf(readSettingsFromEnvironment('http://h:1', env, { set }))
    expect([listen.port, routes[0]?.path]).toEqual([8084, '/x'])
  })

  it('sets a route of an included file by its name', () => {
    const mount = mountSecret({
      'gateway.yaml': `include: shop.yaml\n${file.replaceAll('shop', 'other')}`,
      'shop.yaml':
        'routes: [{ name: shop, path: /s, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]',
    })
    const set = ['routes.shop.path=/x']
    const { routes } = configOf(readSettingsFile(mount.fileOf('gateway.yaml'), key, { set }))
    expect(routes.map(({ path }) => path)).toEqual([undefined, '/other', '/x'])
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parse } from 'yaml'
import { afterAll, describe, expect, it } from 'vitest'

import {
  readSettingsFile,
  readSettingsFromEnvironment,
  type SettingsReading,
} from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { readFileSync } from 'node:fs'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-config-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const env = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }
const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'

function read(text: string, variables: Record<string, string> = env): SettingsReading {
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(file, text)
  return readSettingsFile(file, variables)
}

function problems(reading: SettingsReading): string[] {
  if (reading.ok) return []
  return reading.problems.map((problem) => formatProblem(problem).replace(`${folder}/`, ''))
}

function settings(reading: SettingsReading) {
  if (!reading.ok) throw new Error(problems(reading).join('\n'))
  return reading.settings
}

describe('readSettingsFile', () => {
  it('gives the annotated file and the least file the same settings', () => {
    const annotated = settings(readSettingsFile('config/gateway.yaml', env)).config
    const least = settings(
      read(
        'routes: [{ name: billing, path: /api/inngest, upstream: "http://127.0.0.1:3000", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]',
      ),
    ).config
    expect(annotated).toEqual(least)
    const written = parse(readFileSync('config/gateway.yaml', 'utf8')) as Record<string, unknown>
    expect(Object.keys(written)).toEqual(Object.keys(least))
  })

  it('reads a usual file', () => {
    const key = path.join(folder, 'fallback')
    writeFileSync(key, 'signkey-test-99\n')
    const { policy } = settings(
      read(`
listen: { host: 0.0.0.0, port: 8080 }
ops: { host: 127.0.0.1, port: 9090 }
allowlist: [inngest, 10.0.0.0/8]
trustedProxies: []
routes:
  - name: billing
    path: /api/inngest
    upstream: http://127.0.0.1:3000
    signingKeys:
      - env: INNGEST_SIGNING_KEY
      - file: ${key}
`),
    )
    expect(policy.routes[0]).toMatchObject({
      kind: 'inngest',
      signingKeys: [{ label: 'env:INNGEST_SIGNING_KEY' }, { label: `file:${key}` }],
    })
    expect(policy.allowlist.size).toBe(10)
  })

  it.each([
    [
      'an unknown key',
      `${route}\nfreshness: { maxAgeSecond: 1 }`,
      '2: freshness.maxAgeSecond: expected one of maxAge, clockTolerance, found an unknown key (did you mean maxAge?)',
    ],
    [
      'a doubled key',
      `${route}\nallowlist: [inngest]\nallowlist: [10.0.0.0/8]`,
      '3: expected each key once, found "allowlist" again',
    ],
    [
      'an unknown key beside a reference',
      route.replace('KEY }', 'KEY, key: B }'),
      '1: routes[0].signingKeys[0].key: expected no keys other than the documented ones, found an unknown key',
    ],
    [
      'an empty allowlist',
      `${route}\nallowlist: []`,
      '2: allowlist: expected at least one entry, found an empty list',
    ],
    [
      'a bad number',
      `${route}\nlisten: { port: 70000 }`,
      '2: listen.port: expected at most 65535, found 70000',
    ],
    ['no worker', `${route}\nworkers: 0`, '2: workers: expected at least 1, found 0'],
    [
      'another word for all workers',
      `${route}\nworkers: all`,
      '2: workers: expected 1 to 64, or auto, found "all"',
    ],
    [
      'a text for a number',
      `${route}\nlisten: { port: "80" }`,
      '2: listen.port: expected a number, found "80", a text in quotes: write 80',
    ],
    [
      'host bits',
      `${route}\nallowlist: [10.0.0.1/8]`,
      '2: allowlist[0]: expected inngest, or the first address of the /8, 10.0.0.0/8, found "10.0.0.1/8"',
    ],
    [
      'trust in everybody',
      `${route}\ntrustedProxies: [0.0.0.0/0]`,
      '2: trustedProxies[0]: expected a narrower range; /0 is every address, found "0.0.0.0/0"',
    ],
    [
      'a key that is not in a list',
      'routes: [{ name: a, upstream: "http://h:1", signingKeys: INNGEST_SIGNING_KEY }]',
      '1: routes[0].signingKeys: expected a list of references, env: NAME or file: /path, found a string',
    ],
    ['no routes', 'listen: { port: 1 }', '1: routes: expected a list, found nothing'],
    [
      'one port for both',
      `${route}\nlisten: { port: 81 }\nops: { port: 81 }`,
      '3: ops.port: expected a port other than listen.port, found 81',
    ],
  ])('refuses %s, and says where', (_, text, line) => {
    expect(problems(read(text))).toEqual([`gateway.yaml:${line}`])
  })

  it('says at once what several keys and the files they name have wrong', () => {
    const text = `listen: { port: 81, tls: { certFile: /nonexistent, keyFile: /nonexistent } }
ops: { port: 81, statusPage: { enabled: true, token: { env: UNSET } } }
replay: { store: redis, url: "redis://a", password: { env: UNSET } }
routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: UNSET }] }]`
    const paths = problems(read(text)).map((line) => line.split(' ')[1])
    expect(paths).toEqual([
      'listen.tls.certFile:',
      'listen.tls.keyFile:',
      'ops.port:',
      'ops.statusPage.token:',
      'replay.password:',
      'routes[0].signingKeys[0]:',
    ])
  })

  it('says every problem at once', () => {
    const reading = read(
      `listen: { port: 99999 }
trustedProxies: [x]
routes:
  - { name: A, upstream: nowhere, signingKeys: [{ env: UNSET }] }
  - { name: b, upstream: "http://h", signingKeys: [{ env: EMPTY }, { file: /nonexistent }] }
  - { name: b, upstream: "http://h", signingKeys: [] }
`,
      { EMPTY: '' },
    )
    const paths = problems(reading).map((line) => line.split(' ')[1])
    expect(paths).toEqual([
      'listen.port:',
      'trustedProxies[0]:',
      'routes[0].name:',
      'routes[0].upstream:',
      'routes[0].signingKeys[0]:',
      'routes[1].signingKeys[0]:',
      'routes[1].signingKeys[1]:',
      'routes[1].path:',
      'routes[2].signingKeys:',
      'routes[2].name:',
      'routes[2].path:',
    ])
  })

  it.each([
    '["TOPSECRET"]',
    '"TOPSECRET"',
    '[{ value: TOPSECRET }]',
    '[{ env: X, key: TOPSECRET }]',
    '{ TOPSECRET: 1 }',
    '[{ env: signkey-prod-TOPSECRET }]',
    '[{ file: signkey-prod-TOPSECRET }]',
    '[{ env: "TOPSECRET 0123456789abcdef0123456789abcdef" }]',
  ])('never shows a key written as signingKeys: %s', (written) => {
    const lines = problems(
      read(`routes: [{ name: a, upstream: "http://u:TOPSECRET@h", signingKeys: ${written} }]`),
    )
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.join('\n')).not.toContain('TOPSECRET')
  })

  it.each(['/a/../b', '//a', '/a?b', '/a%2fb', 'a', '/a;b', '/./a', '/a//b', '/a/*'])(
    'refuses the path %s',
    (text) => {
      expect(
        problems(read(route.replace('name: a', `name: a, path: ${JSON.stringify(text)}`))),
      ).toHaveLength(1)
    },
  )

  it('says that a file is not there', () => {
    expect(problems(readSettingsFile('/nonexistent.yaml', env))).toEqual([
      '/nonexistent.yaml: expected a readable file, found no such file',
    ])
  })

  it('refuses an alias bomb and takes __proto__ for an unknown key', () => {
    const bomb = `a: &a [${'x,'.repeat(20)}]\nb: &b [${'*a,'.repeat(20)}]\nc: &c [${'*b,'.repeat(20)}]\nd: [${'*c,'.repeat(20)}]`
    expect(read(bomb).ok).toBe(false)
    expect(read(`${route}\n__proto__: { allowlist: [] }`).ok).toBe(false)
  })
})

describe('a placeholder for a signing key', () => {
  it.each([
    'xxxx',
    'signkey-prod-xxxxxxxx',
    '...',
    'changeme',
    'REPLACE_ME',
    '<your signing key>',
    '${INNGEST_SIGNING_KEY}',
    '{{ .Values.signingKey }}',
    'your-signing-key',
    'your-inngest-signing-key-here',
    'secret',
    'signkey-test-00000000',
    'undefined',
  ])('%s is refused', (text) => {
    const variables = { INNGEST_SIGNING_KEY: text }
    expect(problems(readSettingsFromEnvironment('http://127.0.0.1:3000', variables))[0]).toContain(
      'found a placeholder',
    )
  })

  it.each(['signkey-test-12345678', 'b7b3c0ffee', 'my-own-self-hosted-key-4711'])(
    '%s is none',
    (text) => {
      const variables = { INNGEST_SIGNING_KEY: text }
      expect(readSettingsFromEnvironment('http://127.0.0.1:3000', variables).ok).toBe(true)
    },
  )
})

describe('readSettingsFromEnvironment', () => {
  it.each(['/api/../x', '/api//x', '/api/.', 'api', '/a?b'])(
    'holds INNGEST_SERVE_PATH %s to what a path in a file is held to',
    (text) => {
      const variables = { ...env, INNGEST_SERVE_PATH: text }
      expect(problems(readSettingsFromEnvironment('http://127.0.0.1:3000', variables))).toEqual([
        `environment: INNGEST_SERVE_PATH: expected an absolute path of plain segments, without query, %, ;, * or dot segments, found "${text}"`,
      ])
    },
  )

  it('honours the variables that users of the SDKs have', () => {
    const variables = {
      ...env,
      INNGEST_SIGNING_KEY_FALLBACK: 'signkey-test-99',
      INNGEST_SERVE_PATH: '/x/inngest',
      INNGEST_SERVE_ORIGIN: 'https://app.example.com',
    }
    const [only] = settings(readSettingsFromEnvironment('http://127.0.0.1:3000', variables)).policy
      .routes
    expect(only).toMatchObject({
      path: '/x/inngest',
      serveOrigin: { protocol: 'https', host: 'app.example.com' },
    })
    expect(only).toHaveProperty('signingKeys.length', 2)
  })

  it.each([
    ['https://APP.example.com.:443', 'https', 'app.example.com'],
    ['http://app.example.com:443', 'http', 'app.example.com:443'],
    ['https://[2001:DB8::0:1]', 'https', '[2001:db8::1]'],
  ])('pins %s in one spelling', (origin, protocol, host) => {
    const variables = { ...env, INNGEST_SERVE_ORIGIN: origin }
    const [only] = settings(readSettingsFromEnvironment('http://127.0.0.1:3000', variables)).policy
      .routes
    expect(only).toMatchObject({ serveOrigin: { protocol, host } })
  })

  it.each([{}, { INNGEST_SIGNING_KEY: '' }, { INNGEST_SIGNING_KEY: 'signkey-prod-' }])(
    'refuses %j',
    (variables) => {
      expect(
        problems(readSettingsFromEnvironment('http://127.0.0.1:3000', variables))[0],
      ).toContain('a signing key in the environment variable INNGEST_SIGNING_KEY')
    },
  )
})

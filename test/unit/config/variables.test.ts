/** Variables in the texts of a configuration: what they become, and where there is none. */
import { describe, expect, it } from 'vitest'

import { readSettingsFile, type SettingsReading } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { mountSecret } from '../../support/secret-mount.ts'

const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'
const signingKey = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }

function read(text: string, env: Record<string, string> = {}): SettingsReading {
  const file = mountSecret({ 'gateway.yaml': `${route}\n${text}` }).fileOf('gateway.yaml')
  return readSettingsFile(file, { ...signingKey, ...env })
}

function problemsOf(text: string, env: Record<string, string> = {}): string[] {
  const reading = read(text, env)
  if (reading.ok) return []
  return reading.problems
    .map(formatProblem)
    .map((problem) => problem.slice(problem.indexOf('gateway.yaml')))
}

function configOf(text: string, env: Record<string, string> = {}) {
  const reading = read(text, env)
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  return reading.settings.config
}

describe('a variable in a value', () => {
  it.each([
    ['listen: { port: "${P}" }', { P: '8088' }, { listen: { port: 8088 } }],
    ['listen:\n  port: ${P}', { P: '8088' }, { listen: { port: 8088 } }],
    ['listen: { port: "${P:-8089}" }', {}, { listen: { port: 8089 } }],
    ['listen: { port: "${P:-8089}" }', { P: '' }, { listen: { port: 8089 } }],
    ['listen: { port: "${P:-8089}" }', { P: '8090' }, { listen: { port: 8090 } }],
    ['listen: { proxyProtocol: "${P}" }\ntrustedProxies: [10.0.0.1]', { P: 'true' }, {}],
    ['log: { level: "${L}" }', { L: 'debug' }, { log: { level: 'debug' } }],
    ['workers: ${W}', { W: 'auto' }, { workers: 'auto' }],
    ['workers: ${W}', { W: '2' }, { workers: 2 }],
    ['trustedProxies: ["10.${N}.0.0/16"]', { N: '7' }, { trustedProxies: ['10.7.0.0/16'] }],
    ['trustedProxies: ["${A}.${B:-2}.0.1"]', { A: '10' }, { trustedProxies: ['10.2.0.1'] }],
    // Only a text belongs there.
    ['inngestRanges: { file: "${F}" }', { F: '0123' }, { inngestRanges: { file: '0123' } }],
    ['inngestRanges: { file: "${F}" }', { F: 'true' }, { inngestRanges: { file: 'true' } }],
    // No value of a variable is expanded again, or read as YAML.
    ['inngestRanges: { file: "${F}" }', { F: '${G}' }, { inngestRanges: { file: '${G}' } }],
    ['inngestRanges: { file: "${F}" }', { F: '[a]' }, { inngestRanges: { file: '[a]' } }],
    [
      'inngestRanges: { file: "${SECRETS_DIR}/r" }',
      { SECRETS_DIR: '/s' },
      { inngestRanges: { file: '/s/r' } },
    ],
    ['inngestRanges: { file: "a$${F}b" }', {}, { inngestRanges: { file: 'a${F}b' } }],
    ['inngestRanges: { file: "${F:-a:-b}" }', {}, { inngestRanges: { file: 'a:-b' } }],
  ])('%j is expanded with %j', (text, env, expected) => {
    expect(configOf(text, env)).toMatchObject(expected)
  })

  it.each([
    [
      'listen:\n  port: ${PROT}',
      { PORTS: '1' },
      'gateway.yaml:3: listen.port: expected the environment variable PROT, or a default as in ${PROT:-value}, found it unset (did you mean PORTS?)',
    ],
    [
      'limits: { maxConnections: "${N}" }',
      { N: 'many' },
      'gateway.yaml:2: limits.maxConnections: expected a number, found "many" (from ${N})',
    ],
    [
      'limits: { maxConnections: "${N}" }',
      { N: '0x50' },
      'gateway.yaml:2: limits.maxConnections: expected a number, found "0x50" (from ${N})',
    ],
    [
      'limits: { maxConnections: "${N}" }',
      { N: '' },
      'gateway.yaml:2: limits.maxConnections: expected a number, found "" (from ${N})',
    ],
    [
      'listen: { host: "${N" }',
      {},
      'gateway.yaml:2: listen.host: expected a variable as ${NAME} or ${NAME:-default}, or $${ for ${ itself, found ${ without its }',
    ],
    [
      'listen: { host: "${N-x}" }',
      {},
      'gateway.yaml:2: listen.host: expected a variable as ${NAME} or ${NAME:-default}, or $${ for ${ itself, found ${N-x}',
    ],
    [
      'listen: { host: "${N:-${M}}" }',
      { M: 'x' },
      'gateway.yaml:2: listen.host: expected a variable as ${NAME} or ${NAME:-default}, or $${ for ${ itself, found ${N:-${M}',
    ],
    [
      'listen: { port: ${PORT} }',
      { PORT: '1' },
      'gateway.yaml:2: expected valid YAML, found a variable between braces or brackets: write "${NAME}" in quotes',
    ],
    [
      'trustedProxies: [${PROXY}]',
      { PROXY: '10.0.0.1' },
      'gateway.yaml:2: expected valid YAML, found a variable between braces or brackets: write "${NAME}" in quotes',
    ],
  ])('%j with %j is a problem', (text, env, problem) => {
    expect(problemsOf(text, env)).toEqual([problem])
  })

  it('is not expanded in a key', () => {
    expect(problemsOf('limits: { "${KEY}": 1 }', { KEY: 'maxConnections' })).toEqual([
      expect.stringMatching(
        /^gateway\.yaml:2: limits\.\$\{KEY\}: expected one of .*, found a key with a variable, which is expanded in values only$/,
      ) as string,
    ])
  })

  it('cannot make structure', () => {
    expect(problemsOf('listen: "${LISTEN}"', { LISTEN: '{ port: 1 }' })).toEqual([
      'gateway.yaml:2: listen: expected a mapping, found "{ port: 1 }" (from ${LISTEN})',
    ])
  })
})

describe('a variable where a secret belongs', () => {
  const secret = 'TOPSECRET-hunter2'
  const redis = (reference: string) => `replay: { store: redis, url: "redis://h", ${reference} }`

  it.each([
    [redis('password: "${PW}"'), 'replay.password'],
    [`ops: { statusPage: { enabled: true, token: "\${PW}" } }`, 'ops.statusPage.token'],
  ])('is refused with the reference to write: %s', (text, place) => {
    expect(problemsOf(text, { PW: secret })).toEqual([
      `gateway.yaml:2: ${place}: expected a reference, env: PW or file: /path, found a variable, and none is expanded where a secret belongs`,
    ])
  })

  it('is refused in signingKeys', () => {
    const text = 'routes: [{ name: a, upstream: "http://h:1", signingKeys: ["${PW}"] }]'
    const file = mountSecret({ 'gateway.yaml': text }).fileOf('gateway.yaml')
    const reading = readSettingsFile(file, { PW: secret })
    expect(reading.ok ? [] : reading.problems.map(formatProblem)).toEqual([
      `${file}:1: routes[0].signingKeys[0]: expected a reference, env: PW or file: /path, found a variable, and none is expanded where a secret belongs`,
    ])
  })

  it.each([
    ['listen: { host: "${K}" }', 'signkey-prod-TOPSECRET'],
    ['inngestRanges: { file: "/x/${K}" }', 'signkey-prod-TOPSECRET'],
    ['inngestRanges: { file: "signkey-prod-${K}" }', 'TOPSECRET'],
    ['replay: { keyPrefix: "${K}" }', 'sk-inn-api-TOPSECRET'],
    ['inngestRanges: { file: "${INNGEST_SIGNING_KEY}" }', 'unused'],
    ['listen: { host: "${DB_PASSWORD}" }', 'unused'],
    ['inngestRanges: { stateFile: "/x/${api_token}" }', 'unused'],
    ['replay: { store: redis, url: "redis://:${REDIS_PASS}@h" }', 'unused'],
    ['inngestRanges: { file: "${INNGEST_EVENT_KEY:-x}" }', 'unused'],
  ])('is refused, and not shown, if it holds a key: %s', (text, value) => {
    const secrets = {
      INNGEST_EVENT_KEY: 'TOPSECRET',
      DB_PASSWORD: 'TOPSECRET',
      api_token: 'TOPSECRET',
    }
    const env = { ...secrets, K: value, REDIS_PASS: 'TOPSECRET' }
    const [problem = '', ...others] = problemsOf(text, env)
    expect(others).toEqual([])
    expect(problem).toMatch(
      /^gateway\.yaml:2: .*: expected no secret in \$\{.*, found \[redacted\]$/,
    )
    expect(problem).not.toMatch(/TOPSECRET|12345678/)
  })

  it('may be in the path of a file, if it is one', () => {
    const file = mountSecret({ password: 'hunter2' }).fileOf('password')
    const env = { DIR: file.slice(0, -'/password'.length), PW: secret }
    expect(problemsOf(redis('password: { file: "${DIR}/password" }'), env)).toEqual([])
    expect(problemsOf(redis('password: { file: "${PW}" }'), env)).toEqual([
      'gateway.yaml:2: replay.password.file: expected a path with a /, found [redacted]',
    ])
  })
})

describe('an alias inside its own anchor', () => {
  it('is a problem, and does not end the process', () => {
    expect(problemsOf('allowlist: &a [inngest, *a]')).toEqual([
      'gateway.yaml: expected valid YAML, found an alias inside its own anchor',
    ])
  })
})

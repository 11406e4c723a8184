/** A secret in any place of a configuration: refused where it is certain, and shown nowhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import {
  readSettingsFile,
  readSettingsFromEnvironment,
  type SettingsReading,
} from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-secrets-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const file = path.join(folder, 'gateway.yaml')
const env = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }
const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'

function said(reading: SettingsReading): string[] {
  return reading.ok ? [] : reading.problems.map(formatProblem)
}

function problemsOf(text: string): string[] {
  writeFileSync(file, text)
  return said(readSettingsFile(file, env))
}

const signing = 'signkey-prod-TOPSECRET'
const api = 'sk-inn-api-TOPSECRET'

/** Each with what makes it certain, so that a message must come. */
const places = (secret: string) => [
  `routes: [${secret}]`,
  `routes: ${secret}`,
  secret,
  `${secret}: 1\n${route}`,
  `"${secret}:1"`,
  route.replace('name: a', `name: ${secret.toLowerCase()}`),
  route.replace('name: a', `name: a, host: ${secret}`),
  route.replace('name: a', `name: a, path: /${secret}`),
  route.replace('name: a', `name: a, serveOrigin: "https://${secret}"`),
  route.replace('name: a', `name: a, ${secret}: 1`),
  route.replace('name: a', `name: a, ${secret}`),
  route.replace('"http://h:1"', `"http://${secret}:1"`),
  route.replace('"http://h:1"', `"unix:/run/${secret}"`),
  route.replace('"http://h:1"', secret),
  `${route}\nlisten: { host: ${secret} }`,
  `${route}\nlisten: { port: ${secret} }`,
  `${route}\nlisten: ${secret}`,
  `${route}\nlisten: { tls: { certFile: ${secret}, keyFile: ${secret} } }`,
  `${route}\nallowlist: [${secret}]`,
  `${route}\ntrustedProxies: [${secret}]`,
  `${route}\nlog: { level: ${secret} }`,
  `${route}\nreplay: { keyPrefix: "${secret}" }`,
  `${route}\nreplay: { store: redis, url: "${secret}" }`,
  `${route}\nreplay: { store: redis, url: "redis://${secret}" }`,
  `${route}\nreplay: { store: redis, sentinels: [a:1], sentinelName: ${secret} }`,
  `${route}\nreplay: { store: redis, url: "redis://h", username: ${secret} }`,
  `${route}\nreplay: { store: redis, url: "redis://h", password: ${secret} }`,
  `${route}\nreplay: { store: redis, url: "redis://h", password: { ${secret} } }`,
  `${route}\nreplay: { store: redis, url: "redis://h", password: { env: ${secret} } }`,
  `${route}\nreplay: { store: redis, url: "redis://h", password: { file: ${secret} } }`,
  `${route}\ninngestRanges: { urls: ["https://${secret}"] }`,
  `${route}\ninngestRanges: { file: ${secret} }`,
  `${route}\n${secret}`,
  `${route}\nlisten: { host: *${secret} }`,
  `${route}\nlisten: { host: &${secret} }`,
  `${route}\nlisten: { host: !${secret} }`,
  `${route}\nlisten: { host: "${secret} }`,
  `${route}\n\t${secret}`,
  `${route}\n${secret}: 1\n${secret}: 2`,
]

describe('a key in a configuration', () => {
  it.each([...places(signing), ...places(api)])('is refused, and not shown: %s', (text) => {
    const lines = problemsOf(text)
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.join('\n')).not.toMatch(/topsecret/i)
  })

  it('is named where the schema would take it', () => {
    const text = route.replace('name: a', `name: ${signing.toLowerCase()}`)
    expect(problemsOf(text)).toEqual([
      `${file}:1: routes[0].name: expected no signing key here: put the key in a variable or file, and name it in signingKeys, found [redacted]`,
    ])
  })

  it('is not shown as a name of a file that is there', () => {
    const named = path.join(folder, `${signing}.yaml`)
    writeFileSync(named, 'routes: []')
    expect(said(readSettingsFile(named, env)).join('')).toMatch(/\/\[redacted\]:1: routes/)
  })

  it.each([
    ['without letters', '12345678901234567890123456789012345678901234567890123456789012'],
    ['of digits alone', '0123456789abcdef'.repeat(4)],
    ['of an event', 'aB3'.repeat(22)],
  ])('%s is not shown', (_, key) => {
    for (const text of [
      `routes: [${key}]`,
      `${key}: 1\n${route}`,
      route.replace('name: a', `name: ${key}`),
      `${route}\nlisten: { port: ${key} }`,
    ]) {
      const lines = problemsOf(text).join('\n')
      expect(lines).not.toBe('')
      expect(lines).not.toContain(key.slice(0, 8))
    }
  })

  it.each([
    ['url: "redis://:TOPSECRET@h"'],
    ['url: "redis://user:TOP SECRET@h"'],
    ['url: "redis://h?password=TOPSECRET"'],
    ['url: "TOPSECRET:TOPSECRET@h"'],
    ['sentinels: ["rediss://:TOPSECRET@h:1"], sentinelName: a'],
    ['sentinels: [":TOPSECRET@h:1"], sentinelName: a'],
  ])('is not shown as a password of Redis: %s', (keys) => {
    const lines = problemsOf(`${route}\nreplay: { store: redis, ${keys} }`).join('\n')
    expect(lines).toContain('[redacted]')
    expect(lines).not.toMatch(/TOP|SECRET/)
  })

  it.each(['"p@ss w0rd TOPSECRET!"', '$TOPSECRET!', '"${TOP SECRET}"'])(
    'is not shown as a name that no variable has: %s',
    (name) => {
      const lines = [
        ...problemsOf(route.replace('INNGEST_SIGNING_KEY', name)),
        ...problemsOf(
          `${route}\nreplay: { store: redis, url: "redis://h", password: { env: ${name} } }`,
        ),
      ]
      expect(lines).toHaveLength(2)
      expect(lines.join('\n')).not.toMatch(/TOP|SECRET/)
      expect(lines.join('\n')).toContain('expected the name of a variable')
    },
  )

  it('is not shown as a key beside a reference', () => {
    const lines = problemsOf(route.replace('KEY }', 'KEY, hunter2: B, swordfish: }'))
    expect(lines.join('\n')).not.toMatch(/hunter2|swordfish/)
    expect(lines.join('\n')).toContain('signingKeys[0].[redacted]')
  })

  it.each(['INNGEST_SERVE_PATH', 'INNGEST_SERVE_ORIGIN'])('is refused in %s', (name) => {
    for (const value of [signing, `/${signing}`, `https://${signing}`, 'https://:TOPSECRET@h']) {
      const reading = readSettingsFromEnvironment('http://h:1', { ...env, [name]: value })
      expect(said(reading)).toHaveLength(1)
      expect(said(reading).join('')).not.toMatch(/topsecret/i)
    }
  })

  it.each([signing, `http://${signing}:1`, 'http://:TOPSECRET@h', 'http://h?token=TOPSECRET'])(
    'is refused as --upstream %s',
    (upstream) => {
      const lines = said(readSettingsFromEnvironment(upstream, env))
      expect(lines).toHaveLength(1)
      expect(lines.join('')).not.toMatch(/topsecret/i)
    },
  )
})

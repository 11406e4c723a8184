/** How problems are told: which key, and what of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-config-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'

function problemsOf(text: string): string[] {
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(file, text)
  const reading = readSettingsFile(file, { INNGEST_SIGNING_KEY: 'signkey-test-12345678' })
  if (reading.ok) return []
  return reading.problems.map((problem) => formatProblem(problem).replace(`${folder}/`, ''))
}

describe('a problem', () => {
  it.each([
    [
      'a tab',
      'listen:\n\tport: 81\nworkers: 0\n',
      '2: expected valid YAML, found a tab as indentation: write spaces',
    ],
    [
      'a bracket left open',
      'workers: 0\nroutes: [\n',
      '3: expected valid YAML, found a line that begins in the wrong column, or a bracket that is not closed: begin all keys of one mapping in the same column',
    ],
    [
      'an alias of nothing',
      'trustedProxies: [*.example.com]\n',
      '1: trustedProxies[0]: expected valid YAML, found an alias, since a value that begins with * is one: write the value in quotes',
    ],
  ])('says of %s only that', (_, text, line) => {
    expect(problemsOf(text)).toEqual([`gateway.yaml:${line}`])
  })

  it('says what else is wrong beside a doubled key', () => {
    expect(problemsOf(`${route}\nworkers: 0\nlisten: { port: 81, port: 82 }`)).toEqual([
      'gateway.yaml:2: workers: expected at least 1, found 0',
      'gateway.yaml:3: expected each key once, found "port" again',
    ])
  })

  it.each([
    ['{ env: INNGEST_SIGNING_KEY, file: /x }', 'both env and file'],
    ['{ Env: A }', 'the key Env (did you mean env?)'],
    ['{ signkey-prod-1 }', 'a mapping'],
    ['{ hunter }', 'a mapping'],
    ['{}', 'a mapping'],
  ])('says what is wrong with the reference %s', (reference, found) => {
    const expected = `expected a reference, env: NAME or file: /path, found ${found}`
    expect(problemsOf(route.replace('{ env: INNGEST_SIGNING_KEY }', reference))).toEqual([
      `gateway.yaml:1: routes[0].signingKeys[0]: ${expected}`,
    ])
    const replay = `replay: { store: redis, url: "redis://a", password: ${reference} }`
    expect(problemsOf(`${route}\n${replay}`)).toEqual([
      `gateway.yaml:2: replay.password: ${expected}`,
    ])
  })

  it('says that a variable is named without what a shell puts before it', () => {
    const reference = '{ env: $INNGEST_SIGNING_KEY }'
    const expected = "expected the variable's name without $, found $INNGEST_SIGNING_KEY"
    expect(problemsOf(route.replace('{ env: INNGEST_SIGNING_KEY }', reference))).toEqual([
      `gateway.yaml:1: routes[0].signingKeys[0]: ${expected}`,
    ])
    const replay = `replay: { store: redis, url: "redis://a", password: ${reference} }`
    expect(problemsOf(`${route}\n${replay}`)).toEqual([
      `gateway.yaml:2: replay.password: ${expected}`,
    ])
  })

  it.each([
    ['path: "/api/@x?y"', 'found "/api/@x?y"'],
    ['upstream: "http://user:word@h"', 'found "http://[redacted]@h"'],
    ['upstream: "user:word@h"', 'found "[redacted]@h"'],
  ])('hides the credentials of a value and no other: %s', (key, found) => {
    const text = `routes: [{ name: a, signingKeys: [{ env: INNGEST_SIGNING_KEY }], ${key} }]`
    expect(problemsOf(text).join('\n')).toContain(found)
  })

  it.each([
    ['listen: { host: "" }', 'listen.host: expected a text that is not empty, found ""'],
    ['workers: 100', 'workers: expected at most 64, found 100'],
    [
      'limits: { maxBodySize: 100MiB }',
      'limits.maxBufferedSize: expected at least twice limits.maxBodySize, which is 100MiB, found "128MiB", the default',
    ],
    [
      'trustedProxies: [10.0.0.0/08]',
      'trustedProxies[0]: expected a prefix length from 1 to 32, without leading zeros, found "10.0.0.0/08"',
    ],
    [
      'trustedProxies: ["::ffff:10.0.0.1/104"]',
      'trustedProxies[0]: expected the first address of the /8, 10.0.0.0/8, found "::ffff:10.0.0.1/104"',
    ],
    [
      'replay: { store: redis, sentinels: [a:1] }',
      'replay.sentinelName: expected a name, since there are sentinels, found nothing',
    ],
    [
      'replay: { store: redis, url: "redis://a", password: { file: /nonexistent } }',
      'replay.password: expected a secret in the file /nonexistent, found no such file',
    ],
  ])('says of %s one thing', (text, problem) => {
    expect(problemsOf(`${route}\n${text}`)).toEqual([`gateway.yaml:2: ${problem}`])
  })
})

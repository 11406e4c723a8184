import { describe, expect, it } from 'vitest'

import { readSettingsFile, type SettingsReading } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { restartProblems } from '../../../gateway/config/restart-only.ts'
import { mountSecret } from '../../support/secret-mount.ts'

const route = 'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: KEY }] }]'
const env = { KEY: 'signkey-test-12345678', ONE: 'hunter-one', TWO: 'hunter-two' }

function read(text: string): SettingsReading & { ok: true } {
  const reading = readSettingsFile(
    mountSecret({ 'gateway.yaml': `${route}\n${text}` }).fileOf('gateway.yaml'),
    env,
  )
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  return reading
}

function problemsOf(running: string, next: string): string[] {
  const reading = read(next)
  return restartProblems(reading, read(running).settings.config, reading.settings.config)
    .map(formatProblem)
    .map((text) => text.slice(text.indexOf('gateway.yaml')))
}

const redis = (password: string) =>
  `replay:\n  store: redis\n  url: redis://h:1\n  password: { env: ${password} }`

const tls = (certificate: string) =>
  `listen:\n  tls:\n    certFile: test/fixtures/tls/${certificate}.pem\n    keyFile: test/fixtures/tls/key.pem`

describe('restartProblems', () => {
  it.each([
    ['workers: 1', 'workers: 1', []],
    ['workers: 1', 'workers: 2', ['gateway.yaml:2: workers: expected 1 until a restart, found 2']],
    [
      redis('ONE'),
      redis('TWO'),
      ['gateway.yaml:5: replay.password.env: expected no change until a restart, found one'],
    ],
    [
      tls('cert'),
      tls('../tls/cert'),
      [
        'gateway.yaml:4: listen.tls.certFile: expected "test/fixtures/tls/cert.pem" until a restart, found "test/fixtures/tls/../tls/cert.pem"',
      ],
    ],
    [
      'workers: 1',
      tls('cert'),
      ['gateway.yaml:4: listen.tls: expected nothing until a restart, found a mapping'],
    ],
  ])('maps %j to %j', (running, next, problems) => {
    expect(problemsOf(running, next)).toEqual(problems)
  })
})

describe('restartProblems of routes', () => {
  const routes = (...keys: string[]) =>
    keys.map(
      (more, i) =>
        `  - { name: r${String(i)}, path: /${String(i)}, upstream: "http://h:1", signingKeys: [{ env: KEY }]${more} }`,
    )
  const problemsOfRoutes = (before: string[], after: string[]) => {
    const readRoutes = (lines: string[]) => {
      const text = ['routes:', ...lines].join('\n')
      const reading = readSettingsFile(
        mountSecret({ 'gateway.yaml': text }).fileOf('gateway.yaml'),
        env,
      )
      if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
      return reading
    }
    const next = readRoutes(after)
    return restartProblems(next, readRoutes(before).settings.config, next.settings.config)
      .map(formatProblem)
      .map((text) => text.slice(text.indexOf('gateway.yaml')))
  }

  it('names a legacyServer that changes, since claims are made with it', () => {
    expect(problemsOfRoutes(routes('', ''), routes('', ', legacyServer: true'))).toEqual([
      'gateway.yaml:3: routes[1].legacyServer: expected false until a restart, found true',
    ])
  })

  it('has nothing against a route that is added', () => {
    expect(problemsOfRoutes(routes(''), routes('', ', legacyServer: true'))).toEqual([])
  })
})

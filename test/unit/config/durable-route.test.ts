import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { describeSettings } from '../../../gateway/config/effective.ts'
import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { warningsOf } from '../../../gateway/config/warnings.ts'
import { readShare } from '../../../gateway/workers/read-share.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-durable-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const env = {
  INNGEST_SIGNING_KEY: 'signkey-test-0123456789abcdef0123456789abcdef',
  OWN: 'signkey-prod-fedcba9876543210fedcba9876543210',
}

/** An Inngest route, and a durable one. */
function read(durable: string, inngest = '', all = '') {
  const file = path.join(folder, 'gateway.yaml')
  const app = 'upstream: "http://127.0.0.1:3000"'
  writeFileSync(
    file,
    `routes:
  - { name: functions, ${app}, signingKeys: [{ env: INNGEST_SIGNING_KEY }]${inngest} }
  - { name: endpoints, policy: durable, ${app}, ${durable} }
${all}`,
  )
  return readSettingsFile(file, env)
}

function problems(...file: Parameters<typeof read>): string[] {
  const reading = read(...file)
  if (reading.ok) return []
  return reading.problems.map((problem) => formatProblem(problem).replace(`${folder}/`, ''))
}

function settings(...file: Parameters<typeof read>) {
  const reading = read(...file)
  if (!reading.ok) throw new Error(problems(...file).join('\n'))
  return reading.settings
}

const own = 'host: app.example.com, signingKeys: [{ env: OWN }]'
const shared = 'host: app.example.com, signingKeys: [{ env: INNGEST_SIGNING_KEY }]'

describe('a durable route in the configuration', () => {
  it('has by default all paths, and the limits of the gateway', () => {
    const { policy } = settings(own)
    expect(policy.routes[1]).toMatchObject({
      kind: 'durable',
      path: '/',
      host: 'app.example.com',
      users: {
        allowlist: undefined,
        maxBodyBytes: 10 * 1024 ** 2,
        maxRequestsInFlight: undefined,
      },
    })
  })

  it('takes its host from serveOrigin', () => {
    const { policy } = settings(
      'serveOrigin: "https://app.example.com", signingKeys: [{ env: OWN }]',
    )
    expect(policy.routes[1]).toMatchObject({ host: 'app.example.com' })
  })

  it.each([
    [
      'has neither host nor serveOrigin',
      ['signingKeys: [{ env: OWN }]'],
      'routes[1].serveOrigin: expected serveOrigin: https://… or host: … on a durable route',
    ],
    ['has no signing key', ['host: a'], 'routes[1].signingKeys: expected a list of references'],
    [
      'has a key of another route, and requires its own',
      [`${shared}, requireOwnKeys: true`],
      'routes[1].signingKeys[0]: expected a signing key that no Inngest route has, since requireOwnKeys is true, found that of routes[0]',
    ],
    [
      'has a key of a server before 1.13.5',
      [shared, ', legacyServer: true'],
      'routes[1].signingKeys[0]: expected a signing key that no Inngest route with legacyServer has, found that of routes[0]',
    ],
    [
      'takes larger bodies than Inngest could send again',
      [`${own}, maxBodySize: 11MiB`],
      'routes[1].maxBodySize: expected at most limits.maxBodySize, which is 10MiB',
    ],
    [
      'has a check of function calls',
      [`${own}, checks: { runId: off }`],
      'routes[1].checks: expected nothing but allowlist, signature, freshness, replay on a durable route',
    ],
    [
      'has a setting of function calls',
      [`${own}, introspection: false`],
      'routes[1].introspection: expected nothing unless policy is inngest',
    ],
    [
      'claims without a verified signature',
      [`${own}, checks: { signature: off }`],
      'routes[1].checks.signature: expected report, or off for freshness and replay too',
    ],
  ] as const)('is a problem if it %s', (_what, [durable, inngest], problem) => {
    expect(problems(durable, inngest).join('\n')).toContain(problem)
  })

  it.each(['requireOwnKeys: true', 'maxBodySize: 1MiB', 'maxRequestsInFlight: 1'])(
    'is the only one that may have %s',
    (setting) => {
      const [key = ''] = setting.split(':')
      expect(problems(own, `, ${setting}`).join('\n')).toContain(
        `routes[0].${key}: expected nothing unless policy is durable`,
      )
    },
  )

  it('names the key that limits an Inngest route instead of its own', () => {
    expect(problems(own, ', maxRequestsInFlight: 1').join('\n')).toContain(
      'nothing unless policy is durable; on an Inngest route write limits.maxRequestsInFlight',
    )
  })

  it('clashes with another of the same host and path, whichever key says the host', () => {
    const other = `  - { name: other, policy: durable, upstream: "http://127.0.0.1:1", serveOrigin: "https://app.example.com", signingKeys: [{ env: OWN }] }`
    expect(problems(own, '', other).join('\n')).toContain(
      'routes[2].path: expected a unique host and path',
    )
  })

  it('takes no path or origin that the environment has for an Inngest route', () => {
    const file = path.join(folder, 'gateway.yaml')
    read(own)
    const reading = readSettingsFile(file, { ...env, INNGEST_SERVE_PATH: '/x' })
    if (!reading.ok) throw new Error('has problems')
    expect(reading.settings.policy.routes.map((route) => route.path)).toEqual(['/x', '/'])
  })

  it('is printed as it can be read again', () => {
    const printed = describeSettings(settings(`${own}, maxRequestsInFlight: 5`))
    expect(printed).toContain('maxBodySize: 10MiB')
    expect(printed).toContain('maxRequestsInFlight: 5')
    const file = path.join(folder, 'printed.yaml')
    writeFileSync(file, printed)
    expect(readSettingsFile(file, env).ok).toBe(true)
  })

  it('is warned of if it shares a key, and not if it has its own', () => {
    expect(warningsOf(settings(own))).toEqual([])
    expect(warningsOf(settings(shared))).toMatchObject([
      { fields: { route: 'endpoints', shares_a_key_with: 'functions' } },
    ])
  })

  it('is warned of if it has all paths of an app that a passthrough route leads to', () => {
    const open = (upstream: string) =>
      `  - { name: open, policy: passthrough, path: /x, upstream: "${upstream}" }`
    const [same, other] = [open('http://localhost:3000'), open('http://127.0.0.1:3001')]
    expect(warningsOf(settings(own, '', same))).toMatchObject([
      { fields: { route: 'open', durable: 'endpoints' } },
    ])
    expect(warningsOf(settings(own, '', other))).toEqual([])
    expect(warningsOf(settings(`${own}, path: /endpoints`, '', same))).toEqual([])
  })

  it.each(['durable', 'passthrough'])(
    'is warned of if it is below the path of an Inngest route, as %s',
    (policy) => {
      const below = 'policy: passthrough, path: /api/inngest/x, upstream: "http://127.0.0.1:3001"'
      const all =
        policy === 'durable'
          ? settings(`${own}, path: /api/inngest/x`)
          : settings(own, '', `  - { name: open, ${below} }`)
      expect(warningsOf(all)).toMatchObject([
        {
          message: 'every request to a route is refused',
          fields: {
            route: policy === 'durable' ? 'endpoints' : 'open',
            reason: 'path_ambiguous',
          },
        },
      ])
      expect(warningsOf(settings(`${own}, path: /api/inngest-x`))).toEqual([])
      expect(warningsOf(settings(`${own}, path: /api`))).toEqual([])
    },
  )

  it('is warned of for the checks that it has, and no others', () => {
    const warnings = warningsOf(settings(own, '', 'checks: { runId: report, replay: report }'))
    const ofRoute = warnings.filter(({ fields }) => fields['route'] === 'endpoints')
    expect(ofRoute.map(({ fields }) => fields['check'])).toEqual(['replay'])
  })

  it('gives each worker its share of the requests of users', () => {
    const reading = read(`${own}, maxRequestsInFlight: 5`)
    if (!reading.ok) throw new Error('has problems')
    const { config } = reading.settings
    const share = readShare(() => reading, { config, workers: 2, port: 8080 })
    if (!share.ok) throw new Error('has problems')
    expect(share.settings.policy.routes[1]).toMatchObject({ users: { maxRequestsInFlight: 2 } })
  })
})

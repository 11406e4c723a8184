import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { describeSettings } from '../../../gateway/config/effective.ts'
import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { countWorkers } from '../../../gateway/config/schema/worker-count.ts'
import { warningsOf } from '../../../gateway/config/warnings.ts'
import { readShare } from '../../../gateway/workers/read-share.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-limits-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const env = { INNGEST_SIGNING_KEY: 'signkey-test-0123456789abcdef0123456789abcdef' }

/** A route with these keys. @param all further keys of the file. */
function read(keys: string, all = '') {
  const file = path.join(folder, 'gateway.yaml')
  const signing = 'signingKeys: [{ env: INNGEST_SIGNING_KEY }]'
  const route = `name: app, upstream: "http://127.0.0.1:3000"`
  writeFileSync(
    file,
    `routes:\n  - { ${route}, ${keys.includes('passthrough') ? '' : `${signing}, `}${keys} }\n${all}`,
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

const routeOf = (...file: Parameters<typeof read>) => settings(...file).policy.routes[0]

describe('limits of a route', () => {
  it('are none by default', () => {
    expect(routeOf('path: /api/inngest')).toHaveProperty('limits', undefined)
  })

  it('let calls wait for 10 s by default', () => {
    expect(routeOf('limits: { maxRequestsInFlight: 50 }')).toMatchObject({
      limits: { maxRequestsInFlight: 50, rate: undefined, maxWaitMs: 10_000 },
    })
  })

  it.each([
    ['100/s', 100, 100],
    ['6000/m', 100, 100],
    ['90/m', 1.5, 1],
    ['36/h', 0.01, 1],
  ])('take a rate of %s with what comes in a second at once', (rate, perSecond, burst) => {
    expect(routeOf(`limits: { rate: ${rate} }`)).toMatchObject({
      limits: { rate: { perSecond, burst } },
    })
  })

  it.each([
    ['{}', 'limits: expected maxRequestsInFlight or rate; to have no limit, leave out limits'],
    ['{ maxWait: 5s }', 'limits: expected maxRequestsInFlight or rate'],
    ['{ rate: 100 }', 'limits.rate: expected a rate with its unit, 100/s, 100/m or 100/h'],
    ['{ rate: 100/sec }', 'limits.rate: expected a rate written as 100/s'],
    ['{ rate: 100 per minute }', 'limits.rate: expected a rate written as 100/m'],
    ['{ rate: 100rps }', 'limits.rate: expected a rate written as 100/s'],
    ['{ rate: 0/s }', 'limits.rate: expected a rate from 1/h to 9999999/s, such as 100/s'],
    ['{ rate: 100/d }', 'limits.rate: expected a rate from 1/h to 9999999/s, such as 100/s'],
    ['{ rate: [1] }', 'limits.rate: expected a rate from 1/h to 9999999/s, such as 100/s'],
    ['{ maxRequestsInFlight: 0 }', 'limits.maxRequestsInFlight: expected'],
    ['{ rate: 1/s, maxWait: 2m }', 'limits.maxWait: expected at most 1m'],
    ['{ rate: 1/s, maxInFlight: 2 }', 'limits.maxInFlight: expected'],
  ])('say what to write instead of %s', (limits, problem) => {
    expect(problems(`limits: ${limits}`).join('\n')).toContain(`routes[0].${problem}`)
  })

  it('are a problem on a route that is not for function calls', () => {
    const limits = 'limits: { rate: 1/s }'
    expect(problems(`policy: durable, host: a, ${limits}`).join('\n')).toContain(
      'routes[0].limits: expected nothing unless policy is inngest',
    )
    expect(problems(`policy: passthrough, ${limits}`).join('\n')).toContain(
      'routes[0].limits: expected nothing, since a passthrough route verifies nothing',
    )
  })

  it('are printed as they can be read again', () => {
    const printed = describeSettings(
      settings('limits: { maxRequestsInFlight: 5, rate: 100/s, maxWait: 1500ms }'),
    )
    expect(printed).toMatch(/maxRequestsInFlight: 5\n\s+rate: 100\/s\n\s+maxWait: 1500ms/)
    const file = path.join(folder, 'printed.yaml')
    writeFileSync(file, printed)
    expect(readSettingsFile(file, env).ok).toBe(true)
  })

  it('are warned of where a proxy forwards the calls itself', () => {
    const asking = 'externalAuth: { protocol: ext_authz }\ntrustedProxies: [10.0.0.1/32]'
    expect(warningsOf(settings('limits: { rate: 1/s }', asking))).toMatchObject([
      {
        message: 'the limits of a route do not apply to external authorization',
        fields: { route: 'app' },
      },
    ])
    expect(warningsOf(settings('limits: { rate: 1/s }'))).toEqual([])
  })
})

describe('limits of a route with several workers', () => {
  const limits = 'limits: { maxRequestsInFlight: 5, rate: 300/s }'

  it('are divided', () => {
    const reading = read(limits)
    if (!reading.ok) throw new Error('has problems')
    const { config } = reading.settings
    const share = readShare(() => reading, { config, workers: 2, port: 8080 })
    if (!share.ok) throw new Error('has problems')
    expect(share.settings.policy.routes[0]).toMatchObject({
      limits: { maxRequestsInFlight: 2, rate: { perSecond: 150, burst: 150 }, maxWaitMs: 10_000 },
    })
  })

  it('need a place for each of them', () => {
    expect(problems(limits, 'workers: 6\nlimits: { maxBufferedSize: 1GiB }').join('\n')).toContain(
      'routes[0].limits.maxRequestsInFlight: expected at least 6, one for each of the workers, or fewer workers, found 5',
    )
    const reading = read(limits)
    if (!reading.ok) throw new Error('has problems')
    const { config } = reading.settings
    const share = readShare(() => reading, { config, workers: 6, port: 8080 })
    expect(share.ok ? [] : share.problems.map(formatProblem).join('\n')).toContain(
      'routes[0].limits.maxRequestsInFlight: expected at least 6',
    )
  })

  it('are said to be too few once, if there is none', () => {
    expect(problems('limits: { maxRequestsInFlight: 0 }')).toHaveLength(1)
  })

  it('make auto choose no more workers than there are places', () => {
    const { config } = settings(limits, 'workers: auto\nlimits: { maxBufferedSize: 1GiB }')
    expect(countWorkers(config, 16)).toBe(5)
  })
})

/** The YAML file with units: each key, the keys of earlier builds, the JSON schema, and what print-config prints. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync, globSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { describeSettings } from '../../../gateway/config/effective.ts'
import { readSettingsFile, type SettingsReading } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { restartProblems } from '../../../gateway/config/restart-only.ts'
import { fuzz, mutated } from '../../support/fuzz.ts'
import { keysOf, settingsSchema, type SchemaNode } from '../../support/setting-keys.ts'

const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-units-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const file = path.join(folder, 'gateway.yaml')

function read(text: string): SettingsReading {
  writeFileSync(file, text)
  return readSettingsFile(file, { INNGEST_SIGNING_KEY: 'signkey-test-12345678' })
}

function readWell(text: string): SettingsReading & { ok: true } {
  const reading = read(text)
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  return reading
}

/** Of a value on line 3 of the file. */
function problemsOf(section: string, key: string, value: unknown): string[] {
  const reading = read(`${route}\n${section}:\n  ${key}: ${JSON.stringify(value)}\n`)
  return reading.ok
    ? []
    : reading.problems.map((problem) => formatProblem(problem).replace(file, 'gateway.yaml'))
}

/** Every key whose value has a unit: section, key, default, pattern. */
const quantities = Object.entries(settingsSchema().properties ?? {}).flatMap(([section, node]) =>
  Object.entries(node.properties ?? {}).flatMap(([key, property]) => {
    const {
      type,
      pattern,
      minLength,
      default: fallback,
    } = property as SchemaNode & {
      type?: string
      pattern?: string
      minLength?: number
    }
    return pattern?.startsWith('^((0|[1-9]') === true || pattern?.startsWith('^(0|[1-9]') === true
      ? [{ section, key, type, pattern, minLength: minLength ?? 0, fallback: String(fallback) }]
      : []
  }),
)

/** The keys of earlier builds, the value that each had by default, and what replaces it. */
const renamed = [
  ['inngestRanges', 'refreshSeconds', 14_400, 'refreshInterval', '4h'],
  ['inngestRanges', 'timeoutMs', 10_000, 'timeout', '10s'],
  ['inngestRanges', 'keepVanishedSeconds', 604_800, 'removedRangeGrace', '7d'],
  ['freshness', 'maxAgeSeconds', 300, 'maxAge', '5m'],
  ['freshness', 'clockToleranceSeconds', 300, 'clockTolerance', '5m'],
  ['replay', 'timeoutMs', 250, 'timeout', '250ms'],
  ['limits', 'maxHeaderBytes', 16_384, 'maxHeaderSize', '16KiB'],
  ['limits', 'headersTimeoutMs', 10_000, 'headersTimeout', '10s'],
  ['limits', 'maxBodyBytes', 10_485_760, 'maxBodySize', '10MiB'],
  ['limits', 'bodyTimeoutMs', 30_000, 'bodyTimeout', '30s'],
  ['limits', 'bodyIdleTimeoutMs', 10_000, 'bodyIdleTimeout', '10s'],
  ['limits', 'minBodyBytesPerSecond', 1024, 'minBodyRate', '1KiB/s'],
  ['limits', 'maxBufferedBytes', 134_217_728, 'maxBufferedSize', '128MiB'],
  ['limits', 'responseStallTimeoutMs', 60_000, 'responseStallTimeout', '1m'],
  ['limits', 'keepAliveTimeoutMs', 65_000, 'keepAliveTimeout', '65s'],
  ['upstream', 'connectTimeoutMs', 5000, 'connectTimeout', '5s'],
  ['upstream', 'responseTimeoutMs', 7_500_000, 'responseTimeout', '2h5m'],
  ['shutdown', 'delayMs', 5000, 'delay', '5s'],
  ['shutdown', 'drainTimeoutMs', 20_000, 'drainTimeout', '20s'],
] as const

/** Keys that earlier builds did not have, and their defaults. */
const added = [
  ['upstream', 'keepAliveTimeout', '1s'],
  ['upstream', 'maxResponseHeaderSize', '64KiB'],
]

describe('a key with a unit', () => {
  it('has it in its value, and its default is the one of before', () => {
    const all = [...renamed.map(([section, , , key, value]) => [section, key, value]), ...added]
    const found = quantities.map(({ section, key, fallback }) => [section, key, fallback])
    expect(found.toSorted()).toEqual(all.toSorted())
    const { config } = readWell(route).settings
    for (const [section, oldKey, value] of renamed) {
      expect([oldKey, config[section]]).toEqual([
        oldKey,
        expect.objectContaining({ [oldKey]: value }),
      ])
    }
  })

  it('has none in its name', () => {
    const names = keysOf(settingsSchema()).map(({ path: name }) => name)
    expect(names.filter((name) => /(?:Seconds?|Ms|Millis|Minutes|Bytes|[KM]iB)$/.test(name))).toEqual([]) // prettier-ignore
  })

  it.each([
    ['freshness', 'maxAge', 300, 'a duration with its unit, 300s or 5m, found 300'],
    ['freshness', 'maxAge', '300', 'a duration with its unit, 300s or 5m, found "300"'],
    ['freshness', 'maxAge', '1.5m', 'a duration written as 90s, found "1.5m"'],
    ['freshness', 'maxAge', '2h', 'at most 1h, found "2h"'],
    ['freshness', 'maxAge', '0s', 'at least 1s, found "0s"'],
    [
      'freshness',
      'maxAge',
      null,
      'a duration such as 5m (whole d, h, m or s), from 1s to 1h, found null, which is what YAML reads in ~, null and an empty value: write a value, or leave the key out',
    ],
    [
      'freshness',
      'maxAge',
      '${MAX_AGE}',
      'the environment variable MAX_AGE, or a default as in ${MAX_AGE:-value}, found it unset',
    ],
    [
      'shutdown',
      'drainTimeout',
      20_000,
      'a duration with its unit, 20000ms (20s) or 20000s (5h33m20s), found 20000',
    ],
    [
      'limits',
      'maxBodySize',
      10_485_760,
      'a size with its unit, 10485760B or 10MiB, found 10485760',
    ],
    ['limits', 'maxBodySize', '10MB', 'a size written as 10MiB or 10000000B, found "10MB"'],
    ['limits', 'minBodyRate', 1024, 'a rate with its unit, 1024B/s or 1KiB/s, found 1024'],
  ])('%s.%s is not %j', (section, key, value, problem) => {
    expect(problemsOf(section, key, value)).toEqual([
      `gateway.yaml:3: ${section}.${key}: expected ${problem}`,
    ])
  })

  it.each(renamed)('%s.%s: a number without a unit is refused', (section, _, value, key, text) => {
    const [problem, ...others] = problemsOf(section, key, value)
    expect(others).toEqual([])
    expect(problem).toContain(`gateway.yaml:3: ${section}.${key}: expected a `)
    expect(problem).toContain(' with its unit, ')
    expect(problem).toContain(text)
    expect(problem).toContain(`, found ${String(value)}`)
  })
})

describe('a key of an earlier build', () => {
  it.each(renamed)('%s.%s: %d is refused with what to write', (section, old, value, key, text) => {
    expect(problemsOf(section, old, value)).toEqual([
      `gateway.yaml:3: ${section}.${old}: expected ${key}: ${text}, found a key that was renamed: the unit is in the value now`,
    ])
  })

  it.each([[''], ['5m'], [-1], [1.5], [null], [{ a: 1 }]])(
    'is named alone if its value was wrong before: %j',
    (value) => {
      expect(problemsOf('freshness', 'maxAgeSeconds', value)).toEqual([
        'gateway.yaml:3: freshness.maxAgeSeconds: expected maxAge, found a key that was renamed: the unit is in the value now',
      ])
    },
  )

  it.each([
    ['limits', 'maxAgeSeconds'],
    ['upstream', 'timeoutMs'],
    ['limits', 'constructor'],
  ])('is not one of another section: %s.%s', (section, key) => {
    expect(problemsOf(section, key, 1).join('\n')).toContain('found an unknown key')
  })
})

describe('config/gateway.schema.json', () => {
  const anyText = fc.oneof(
    mutated(
      fc.constantFrom('5m', '250ms', '2h5m', '0s', '7d', '1d2h3m4s5ms', '10MiB', '512B', '1KiB/s'),
      'dhms0159BKMGi/. -+e_',
    ),
    fc.string({ maxLength: 12 }),
    fc.integer(),
    fc.double(),
    fc.constantFrom(null, true, ''),
  )

  it.each(quantities)(
    'takes for $key of $section what the gateway takes, but for its range',
    ({ section, key, type, pattern, minLength }) => {
      const isTaken = (value: unknown) =>
        type === 'string' &&
        typeof value === 'string' &&
        value.length >= minLength &&
        new RegExp(pattern, 'u').test(value)
      fc.assert(
        fc.property(anyText, (value) => {
          const problem = problemsOf(section, key, value).find((each) => each.includes(`.${key}: `))
          const isOutOfRange = problem !== undefined && / expected at (?:least|most) /.test(problem)
          expect([value, problem === undefined || isOutOfRange]).toEqual([value, isTaken(value)])
        }),
        fuzz(0.03),
      )
    },
  )
})

describe('print-config', () => {
  const odd = `${route}
inngestRanges: { refreshInterval: 1d1s, timeout: 1500ms, removedRangeGrace: 0s }
freshness: { maxAge: 300s, clockTolerance: 90s }
replay: { timeout: 1s1ms }
limits:
  maxHeaderSize: 2000B
  headersTimeout: 9m59s
  maxBodySize: 3MiB
  bodyTimeout: 60m
  bodyIdleTimeout: 100ms
  minBodyRate: 0B/s
  maxBufferedSize: 1GiB
  responseStallTimeout: 3600s
  keepAliveTimeout: 1h
upstream: { connectTimeout: 10ms, responseTimeout: 24h }
shutdown: { delay: 0ms, drainTimeout: 1d }
`

  it.each([
    ['of defaults', route],
    ['of values in every unit', odd],
    ['of the annotated file', readFileSync('config/gateway.yaml', 'utf8')],
  ])('prints a file %s that is read as the same settings', (_, text) => {
    const before = readWell(text).settings
    const printed = describeSettings(before)
    const after = readWell(printed).settings
    // What the environment and `checks` fill in for a route is printed with it.
    const { routes } = after.config
    expect(after.config).toEqual({ ...before.config, routes })
    expect(after.policy).toEqual(before.policy)
    expect(parse(describeSettings(after))).toEqual(parse(printed))
  })

  it('prints units in their usual form', () => {
    const printed = parse(describeSettings(readWell(odd).settings)) as object
    expect(printed).toMatchObject({
      inngestRanges: { refreshInterval: '1d1s', timeout: '1500ms', removedRangeGrace: '0s' },
      freshness: { maxAge: '5m', clockTolerance: '90s' },
      replay: { timeout: '1001ms' },
      limits: {
        maxHeaderSize: '2000B',
        headersTimeout: '9m59s',
        maxBodySize: '3MiB',
        bodyTimeout: '1h',
        bodyIdleTimeout: '100ms',
        minBodyRate: '0B/s',
        maxBufferedSize: '1GiB',
        responseStallTimeout: '1h',
        keepAliveTimeout: '1h',
        maxConnections: 10_000,
      },
      upstream: { connectTimeout: '10ms', responseTimeout: '1d' },
      shutdown: { delay: '0s', drainTimeout: '1d' },
    })
  })
})

describe('the same value in another unit', () => {
  it('is the same configuration: same fingerprint, and nothing for a restart', () => {
    const before = readWell(`${route}\nlimits: { headersTimeout: 60s }`)
    const after = readWell(`${route}\nlimits: { headersTimeout: 1m }`)
    expect(after.settings.fingerprint).toBe(before.settings.fingerprint)
    expect(restartProblems(after, before.settings.config, after.settings.config)).toEqual([])
  })

  it('is named in its unit where it needs a restart', () => {
    const before = readWell(`${route}\nreplay: { timeout: 250ms }`)
    const after = readWell(`${route}\nreplay: { timeout: 1s }`)
    const problems = restartProblems(after, before.settings.config, after.settings.config)
    expect(problems.map((problem) => formatProblem(problem).replace(file, 'gateway.yaml'))).toEqual(
      ['gateway.yaml:2: replay.timeout: expected "250ms" until a restart, found "1s"'],
    )
  })
})

describe('what operators read', () => {
  const pages = globSync(['README.md', 'SECURITY.md', 'docs/**', 'deploy/**', 'config/**', 'test/demo/*.yaml'], { exclude: ['docs/site/**'] }).filter((page) => statSync(page).isFile()) // prettier-ignore
  const oldKeys = new RegExp(`\\b(?:${renamed.map(([, key]) => key).join('|')})\\b`)

  it.each(pages)('names no key of an earlier build: %s', (page) => {
    expect(oldKeys.exec(readFileSync(page, 'utf8'))?.[0]).toBeUndefined()
  })
})

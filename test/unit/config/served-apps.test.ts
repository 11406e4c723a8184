import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { describeSettings } from '../../../gateway/config/effective.ts'
import { readSettingsFile, type SettingsReading } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { warningsOf } from '../../../gateway/config/warnings.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-config-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const env = { A: 'signkey-test-12345678', B: 'signkey-test-87654321' }

function read(text: string): SettingsReading {
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(file, text)
  return readSettingsFile(file, env)
}

function settings(text: string) {
  const reading = read(text)
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  return reading.settings
}

function route(name: string, keys: string[], apps?: string): string {
  const references = keys.map((key) => `{ env: ${key} }`).join(', ')
  const more = apps === undefined ? '' : `, apps: ${apps}`
  return `  - { name: ${name}, path: /${name}, upstream: http://127.0.0.1:3000, signingKeys: [${references}]${more} }`
}

const routes = (...lines: string[]) => `routes:\n${lines.join('\n')}\n`

describe('apps of a route', () => {
  it.each([
    ['[]', 'routes[0].apps: expected at least one entry, found an empty list'],
    [
      'billing',
      'routes[0].apps: expected a list, found "billing", which is no list: write [billing]',
    ],
    ['[billing, billing]', 'routes[0].apps[1]: expected each app id once, found "billing"'],
    ["['']", 'routes[0].apps[0]: expected an app id as in the code of the app'],
    ["[' billing']", 'routes[0].apps[0]: expected an app id as in the code of the app'],
    ["['billing ']", 'without spaces around it'],
    ["['billing-']", 'or the - before the function'],
    ["['billing-*']", 'a wildcard'],
    ['["bill\\ting"]', 'routes[0].apps[0]: expected an app id'],
    ['[bücher]', 'visible ASCII'],
    [`[${'x'.repeat(129)}]`, '1 to 128 characters'],
    ['[7]', 'routes[0].apps[0]: expected'],
  ])('refuses %s and says what to write', (apps, message) => {
    const reading = read(routes(route('a', ['A'], apps)))
    const problems = reading.ok ? [] : reading.problems.map(formatProblem)
    expect(problems.join('\n')).toContain(message)
  })

  it.each(['billing', 'fast_api_example', 'My App', 'com.example.Billing', 'a', 'x'.repeat(128)])(
    'takes %j, as an SDK does',
    (id) => {
      const { policy } = settings(routes(route('a', ['A'], `['${id}']`)))
      expect(policy.routes[0]).toMatchObject({ apps: { served: new Set([id]) } })
    },
  )

  it.each([
    ['passthrough', 'nothing, since a passthrough route verifies nothing'],
    ['durable', 'nothing unless policy is inngest'],
  ])('are refused on a %s route', (policy, expected) => {
    const own = policy === 'durable' ? 'signingKeys: [{ env: A }], host: a.example.com, ' : ''
    const text = `  - { name: a, policy: ${policy}, ${own}upstream: http://127.0.0.1:3000, apps: [billing] }`
    const reading = read(routes(text))
    const problems = reading.ok ? [] : reading.problems.map(formatProblem)
    expect(problems.join('\n')).toContain(`routes[0].apps: expected ${expected}`)
  })

  it('are known at every route, and may be those of several', () => {
    const { policy } = settings(
      routes(route('a', ['A'], '[billing]'), route('b', ['B'], '[billing, billing-eu]')),
    )
    const ids = policy.routes.map((each) =>
      each.kind === 'inngest' ? [...(each.apps?.known.ids.keys() ?? [])] : [],
    )
    expect(ids).toEqual([
      ['billing', 'billing-eu'],
      ['billing', 'billing-eu'],
    ])
  })

  it('let routes with a common key learn function pairs together', () => {
    const { policy } = settings(
      routes(
        route('first', ['A'], '[billing]'),
        route('second', ['B', 'A'], '[shop]'),
        route('other', ['B'], '[mail]'),
        route('any', ['A']),
      ),
    )
    const scopes = policy.routes.map((each) => (each.kind === 'inngest' ? each.pairScope : ''))
    expect(scopes).toEqual(['first', 'first', 'first', 'any'])
  })

  it('share one scope also if a later route joins two groups', () => {
    const { policy } = settings(
      routes(
        route('any', ['A']),
        route('old', ['A'], '[billing]'),
        route('new', ['B'], '[shop]'),
        route('both', ['A', 'B'], '[mail]'),
      ),
    )
    const scopes = policy.routes.map((each) => (each.kind === 'inngest' ? each.pairScope : ''))
    expect(scopes).toEqual(['any', 'old', 'old', 'old'])
  })

  it('are printed with their source and count for the fingerprint', () => {
    const [without, billing] = [undefined, '[billing]'].map((apps) =>
      settings(routes(route('a', ['A'], apps))),
    )
    if (without === undefined || billing === undefined) throw new Error('two were read')
    expect(describeSettings(billing)).toContain('    apps:\n      - billing\n')
    expect(describeSettings(without)).not.toContain('apps:')
    expect(billing.fingerprint).not.toBe(without.fingerprint)
  })
})

describe('warnings about apps', () => {
  const about = (text: string) =>
    warningsOf(settings(text)).map(({ message, fields }) => [
      message,
      fields['route'],
      fields['check'] ?? fields['shares_a_key_with'],
    ])

  it('name a route that admits what another one refuses', () => {
    const text = routes(
      route('a', ['A'], '[billing]'),
      route('any', ['B', 'A']),
      route('other', ['B']),
    )
    const relevant = about(text).filter(([message]) => message?.includes('apps'))
    expect(relevant).toEqual([['a route without apps admits the calls of every app', 'any', 'a']])
  })

  it('name the check where it is relaxed, on routes with apps only', () => {
    const text = `checks: { app: report }\n${routes(route('a', ['A'], '[billing]'), route('b', ['B']))}`
    const relevant = about(text).filter(([, , check]) => check === 'app')
    expect(relevant).toEqual([['a check is not enforced', 'a', 'app']])
  })
})

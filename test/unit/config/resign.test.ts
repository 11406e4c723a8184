import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

import { describeSettings } from '../../../gateway/config/effective.ts'
import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { warningsOf } from '../../../gateway/config/warnings.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-config-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const keyText = `signkey-prod-${'3d'.repeat(32)}`
const env = {
  A: 'signkey-test-12345678',
  APP: keyText,
  SHORT: 'signkey-prod-abc',
  EMPTY: '',
  API: `sk-inn-api-${'a1'.repeat(20)}`,
}

function read(more: string, all = '', policy = '') {
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `${all}routes:\n  - { name: a, ${policy}upstream: http://127.0.0.1:3000, ${more} }\n`,
  )
  return readSettingsFile(file, env)
}

function problemsOf(...args: Parameters<typeof read>): string {
  const reading = read(...args)
  return reading.ok ? '' : reading.problems.map(formatProblem).join('\n')
}

function settingsOf(...args: Parameters<typeof read>) {
  const reading = read(...args)
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  return reading.settings
}

const keys = 'signingKeys: [{ env: A }]'

describe('resignWith', () => {
  it.each([
    [
      'resignWith: { env: NONE }',
      'expected a signing key in the environment variable NONE, found it unset',
    ],
    ['resignWith: { env: APPP }', 'found it unset (did you mean APP?)'],
    [
      'resignWith: { env: EMPTY }',
      'expected a signing key in the environment variable EMPTY, found it empty',
    ],
    ['resignWith: { env: API }', 'an API key'],
    [`resignWith: { env: ${keyText} }`, 'found what looks like the key itself'],
    [
      'resignWith: { file: /nowhere/key }',
      'expected a signing key in the file /nowhere/key, found no such file',
    ],
    ['resignWith: [{ env: APP }]', 'expected a reference, env: NAME or file: /path, found a list'],
    [`resignWith: ${keyText}`, 'expected a reference, env: NAME or file: /path, found a string'],
    ['resignWith: { env: APP, file: /x }', 'expected a reference, env: NAME or file: /path'],
  ])('refuses %s, and says what to write', (more, message) => {
    const problems = problemsOf(`${keys}, ${more}`)
    expect(problems).toContain(`routes[0].resignWith`)
    expect(problems).toContain(message)
    expect(problems).not.toContain('3d3d')
  })

  it.each([
    [
      'with external authorization',
      'trustedProxies: [10.0.0.0/8]\nexternalAuth: { protocol: ext_authz }\n',
      '',
      'expected nothing, since externalAuth is configured: another proxy then forwards requests, with the signature that they came with',
    ],
    [
      'where no signature is verified',
      'checks: { signature: off, freshness: off, replay: off }\n',
      '',
      'expected nothing, since checks.signature is off: only a verified request is re-signed',
    ],
    [
      'on a passthrough route',
      '',
      'policy: passthrough, ',
      'expected nothing, since a passthrough route verifies nothing',
    ],
  ])('is refused %s', (_, all, policy, message) => {
    const own = policy === '' ? `${keys}, ` : ''
    expect(problemsOf(`${own}resignWith: { env: APP }`, all, policy)).toContain(
      `routes[0].resignWith: ${message}`,
    )
  })

  it('is printed as a reference, and its key nowhere', () => {
    const settings = settingsOf(`${keys}, resignWith: { env: APP }`)
    const printed = describeSettings(settings)
    expect(printed).toContain('    resignWith:\n      env: APP # its key is set, [redacted]\n')
    for (const text of [printed, inspect(settings, { depth: 20 })])
      expect(text).not.toContain('3d3d')
  })

  it('is warned of if it is no key that Inngest makes', () => {
    const warnings = warningsOf(settingsOf(`${keys}, resignWith: { env: SHORT }`))
    expect(warnings).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ key: 'env:SHORT' }) as object }),
    )
  })

  it('names the file to be watched', () => {
    const file = path.join(folder, 'key')
    writeFileSync(file, `${keyText}\n`)
    expect(read(`${keys}, resignWith: { file: ${file} }`).files).toContain(file)
  })

  it('is possible on a durable route', () => {
    const more = `host: a.example.com, ${keys}, resignWith: { env: APP }`
    const { policy } = settingsOf(more, '', 'policy: durable, ')
    expect(policy.routes[0]).toMatchObject({ kind: 'durable', resign: { sameSlots: [] } })
  })
})

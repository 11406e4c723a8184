import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { describeSettings } from '../../../gateway/config/effective.ts'
import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-encryption-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function read(keys: string, all = '') {
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `routes:\n  - { name: a, upstream: "http://127.0.0.1:3000", ${keys} }\n${all}\n`,
  )
  return readSettingsFile(file, { KEY: 'signkey-test-0123456789abcdef0123456789abcdef' })
}

const signing = 'signingKeys: [{ env: KEY }]'
const durable = `policy: durable, serveOrigin: "https://app.example.com", ${signing}`

function problems(keys: string, all = ''): string[] {
  const reading = read(keys, all)
  if (reading.ok) return []
  return reading.problems.map((problem) => formatProblem(problem).replace(`${folder}/`, ''))
}

describe('a problem', () => {
  it.each([
    [
      'no such word',
      `${signing}, encryption: enforce`,
      '',
      'encryption: expected one of off, report, require',
    ],
    [
      'a durable route',
      `${durable}, encryption: require`,
      '',
      'encryption: expected off on a durable route, whose bodies users send in plain; set encryption on the Inngest route',
    ],
    [
      'a passthrough route',
      'policy: passthrough, encryption: report',
      '',
      'encryption: expected nothing, since a passthrough route verifies nothing',
    ],
    [
      'options of a durable route',
      `${durable}, encryptionMiddleware: {}`,
      '',
      'encryptionMiddleware: expected nothing unless policy is inngest',
    ],
    [
      'options without it',
      `${signing}, encryptionMiddleware: { eventField: a }`,
      '',
      'encryptionMiddleware: expected nothing unless encryption is report or require',
    ],
    [
      'a field by its path',
      `${signing}, encryption: require, encryptionMiddleware: { eventField: data.encrypted }`,
      '',
      'eventField: expected the name of a field of data, such as encrypted, of 1 to 128 characters',
    ],
    [
      'a strategy with a space',
      `${signing}, encryption: require, encryptionMiddleware: { strategies: ["a b"] }`,
      '',
      'strategies[0]: expected the identifier of an encryption service',
    ],
    [
      'an unknown kind of step',
      `${signing}, encryption: require, encryptionMiddleware: { plainSteps: [ai] }`,
      '',
      'plainSteps[0]: expected one of fetch, signal',
    ],
    [
      'a signature that is not enforced',
      `${signing}, encryption: require`,
      'checks: { signature: report }',
      'encryption: expected report or off, or checks.signature: enforce: only verified bodies are read',
    ],
    [
      'a signature that is not checked',
      `${signing}, encryption: report`,
      'checks: { signature: off }',
      'encryption: expected off, or checks.signature: enforce or report: only verified bodies are read',
    ],
  ])('is %s', (_, keys, all, expected) => {
    expect(problems(keys, all).join('\n')).toContain(expected)
  })
})

function effective(keys: string, all = '') {
  const reading = read(keys, all)
  if (!reading.ok) throw new Error(problems(keys, all).join('\n'))
  const shown = parse(describeSettings(reading.settings)) as { routes: Record<string, unknown>[] }
  return { route: reading.settings.policy.routes[0], shown: shown.routes[0] }
}

describe('encryption', () => {
  it('is off by default, without options', () => {
    const { route, shown } = effective(signing)
    expect(route).toMatchObject({ encryption: undefined })
    expect(shown).toMatchObject({ encryption: 'off' })
    expect(shown).not.toHaveProperty('encryptionMiddleware')
  })

  it.each([
    ['require', 'enforce'],
    ['report', 'report'],
  ])('is shown with every option if it is %s', (encryption, mode) => {
    const { route, shown } = effective(`${signing}, encryption: ${encryption}`)
    expect(route).toMatchObject({ encryption: { mode } })
    expect(shown).toMatchObject({
      encryption,
      encryptionMiddleware: { eventField: 'encrypted', strategies: [], plainSteps: [] },
    })
  })

  it('may be reported where the signature is reported', () => {
    expect(problems(`${signing}, encryption: report`, 'checks: { signature: report }')).toEqual([])
  })
})

/** When the status page starts, and that nobody's token is printed. */
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'

import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { StatusToken } from '../../../gateway/config/read/status-token.ts'
import { mountSecret } from '../../support/secret-mount.ts'

const token = 'sixteen-or-more-characters'
const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'

function read(ops: string, variables: Record<string, string> = {}) {
  const mount = mountSecret({ 'gateway.yaml': `${route}\nops: ${ops}` })
  const file = mount.fileOf('gateway.yaml')
  const env = { INNGEST_SIGNING_KEY: 'signkey-test-12345678', ...variables }
  const reading = readSettingsFile(file, env)
  const problems = reading.ok ? [] : reading.problems.map(formatProblem)
  return { reading, problems: problems.map((text) => text.replace(`${file}:`, '')) }
}

describe('ops.statusPage', () => {
  it('is off by default', () => {
    const { reading } = read('{}')
    expect(reading).toMatchObject({
      ok: true,
      settings: { config: { ops: { statusPage: { enabled: false } } }, statusToken: undefined },
    })
  })

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('may be open on %s', (host) => {
    expect(read(`{ host: "${host}", statusPage: { enabled: true } }`).problems).toEqual([])
  })

  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', '::ffff:127.0.0.1', 'gateway'])(
    'needs a token on %s',
    (host) => {
      expect(read(`{ host: "${host}", statusPage: { enabled: true } }`).problems).toEqual([
        `2: ops.statusPage.token: expected a token, since ops.host ${host} is reached from elsewhere, found nothing`,
      ])
      const withToken = `{ host: "${host}", statusPage: { enabled: true, token: { env: T } } }`
      expect(read(withToken, { T: token }).problems).toEqual([])
    },
  )

  it.each([
    ['unset', {}, 'a secret in the environment variable T, found it unset'],
    ['empty', { T: '' }, 'a secret in the environment variable T, found it empty'],
    [
      'of 15 characters',
      { T: 'x'.repeat(15) },
      'at least 16 characters of visible ASCII, found something shorter, or other characters',
    ],
    [
      'of other characters',
      { T: 'sixteen characters' },
      'at least 16 characters of visible ASCII, found something shorter, or other characters',
    ],
  ])('refuses a token that is %s', (_, variables, expected) => {
    const { problems } = read('{ statusPage: { enabled: true, token: { env: T } } }', variables)
    expect(problems).toEqual([`2: ops.statusPage.token: expected ${expected}`])
  })

  it('takes a token of 16 characters, and does not read one that is not needed', () => {
    const enabled = '{ statusPage: { enabled: true, token: { env: T } } }'
    expect(read(enabled, { T: 'x'.repeat(16) }).problems).toEqual([])
    expect(read('{ statusPage: { token: { env: T } } }').problems).toEqual([])
  })

  it('does not repeat a token that was written where its reference belongs', () => {
    const { problems } = read(`{ statusPage: { enabled: true, token: ${token} } }`)
    expect(problems).toEqual([
      '2: ops.statusPage.token: expected a reference, env: NAME or file: /path, found a string',
    ])
  })
})

describe('StatusToken', () => {
  it('matches itself and nothing else', () => {
    const parsed = StatusToken.parse(token)
    expect(parsed?.matches(token)).toBe(true)
    for (const other of ['', token.slice(1), `${token} `, token.toUpperCase()]) {
      expect(parsed?.matches(other)).toBe(false)
    }
  })

  it('is not printed', () => {
    const parsed = StatusToken.parse(token)
    const printed = [JSON.stringify({ parsed }), inspect({ parsed }), String(parsed)]
    expect(printed.join(' ').match(/\[redacted\]/g)).toHaveLength(3)
  })
})

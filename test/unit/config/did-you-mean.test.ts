import { describe, expect, it } from 'vitest'

import { didYouMean } from '../../../gateway/config/nearest.ts'
import { readSettingsFile } from '../../../gateway/config/load.ts'
import { mountSecret } from '../../support/secret-mount.ts'

const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'

/** @returns what the message about it ends with. */
function meantBy(text: string): string[] {
  const file = mountSecret({ 'gateway.yaml': text }).fileOf('gateway.yaml')
  const reading = readSettingsFile(file, { INNGEST_SIGNING_KEY: 'signkey-test-12345678' })
  const problems = reading.ok ? [] : reading.problems
  return problems.flatMap(({ found }) => /\(did you mean ([^)]*)\?\)$/.exec(found)?.[1] ?? [])
}

describe('did you mean', () => {
  it.each([
    ['listen', 'listne'],
    ['maxBodyBytes', 'max_body_bytes'],
    ['maxBodyBytes', 'MAXBODYBYTES'],
    ['maxBodyBytes', 'max-body-byte'],
    ['env', 'evn'],
    ['passthrough', 'passthru'],
  ])('offers %s for %s', (known, word) => {
    expect(didYouMean(word, ['routes', known, 'log'])).toBe(` (did you mean ${known}?)`)
  })

  it('offers no word of four letters for one with two others', () => {
    expect(didYouMean('NOPE', ['HOME'])).toBe('')
  })

  it.each(['', 'x', 'elephant', 'signingKeysOfTheApp', 'l'.repeat(1_000_000)])(
    'offers nothing for %.20s',
    (word) => {
      expect(didYouMean(word, ['listen', 'maxBodyBytes', 'routes'])).toBe('')
    },
  )

  it.each([
    [`${route}\nlisten: { prot: 1 }`, 'port'],
    [`${route}\nlimit: { maxConnections: 1 }`, 'limits'],
    [`${route}\nlimits: { max_connections: 1 }`, 'maxConnections'],
    [`${route}\nmaxConnections: 1`, 'limits.maxConnections'],
    [`${route}\nreplay: { stor: memory }`, 'store'],
    [`${route}\nreplay: { store: Redis }`, 'redis'],
    [`${route}\nlog: { level: INFO }`, 'info'],
    [`${route}\nlog: { level: warning }`, 'warn'],
    [`${route}\nworkers: Auto`, 'auto'],
    [`${route}\nchecks: { signatures: report }`, 'signature'],
    [`${route}\nchecks: { replay: enforced }`, 'enforce'],
    [route.replace('name: a', 'name: a, policy: Inngest'), 'inngest'],
    [route.replace('name: a', 'name: a, unsignedGet: denny'), 'deny'],
    [route.replace('name: a', 'name: a, check: {}'), 'checks'],
    [route.replace('name: a', 'name: a, checks: { runid: off }'), 'runId'],
    [route.replace('{ env', '{ evn'), 'env'],
    [route.replace('INNGEST_SIGNING_KEY', 'INNGEST_SIGNIN_KEY'), 'INNGEST_SIGNING_KEY'],
    [
      `${route}\nreplay: { store: redis, url: "redis://h", password: { env: INNGEST_SIGNINGKEY } }`,
      'INNGEST_SIGNING_KEY',
    ],
  ])('is asked of %j', (text, meant) => {
    expect(meantBy(text)).toEqual([meant])
  })

  it('is not asked of what may be a secret', () => {
    for (const reference of ['evn1', '{ hunter }', '{ env: A, fiel: B }']) {
      expect(meantBy(route.replace('{ env: INNGEST_SIGNING_KEY }', reference))).toEqual([])
    }
  })
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'

import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-tls-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function problemsOf(config: object, upstreamTls: object = {}): string[] {
  const file = path.join(folder, 'gateway.yaml')
  const signingKeys = [{ env: 'KEY' }]
  const routes = [{ name: 'a', upstream: 'https://127.0.0.1:1', signingKeys, upstreamTls }]
  writeFileSync(file, stringify({ ...config, routes }))
  const reading = readSettingsFile(file, { KEY: '12345678' })
  if (reading.ok) return []
  return reading.problems.map((problem) =>
    formatProblem(problem)
      .replace(/^.*?yaml:\d+: /, '')
      .replaceAll(`${folder}/`, ''),
  )
}

function fixture(name: string): string {
  return `test/fixtures/tls/${name}.pem`
}

const [cert, key, otherKey] = [fixture('cert'), fixture('key'), fixture('second-key')]
const wantsCert = 'expected a certificate, PEM'
const wantsKey = 'expected a private key without a passphrase, PEM'

describe('readTls', () => {
  it.each([
    [
      'files that are not there',
      { certFile: '/nonexistent', keyFile: '/nowhere' },
      [
        `listen.tls.certFile: ${wantsCert}, found no such file at /nonexistent`,
        `listen.tls.keyFile: ${wantsKey}, found no such file at /nowhere`,
      ],
    ],
    [
      'a pair the wrong way round',
      { certFile: key, keyFile: cert },
      [
        `listen.tls.certFile: ${wantsCert}, found none in ${key}`,
        `listen.tls.keyFile: ${wantsKey}, found none in ${cert}`,
      ],
    ],
    [
      'the key of another certificate',
      { certFile: cert, keyFile: otherKey },
      [
        `listen.tls.keyFile: expected the private key of certFile, found the key of another certificate in ${otherKey}`,
      ],
    ],
    [
      'authorities that are none',
      { certFile: cert, keyFile: key, clientCaFile: 'package.json' },
      [`listen.tls.clientCaFile: ${wantsCert}, found none in package.json`],
    ],
    [
      'a certificate written in place of its file',
      { certFile: '-----BEGIN CERTIFICATE-----', keyFile: key },
      ['listen.tls.certFile: expected the name of a file, found what looks like its content'],
    ],
  ])('says of %s which it is, and why', (_, tls, expected) => {
    expect(problemsOf({ listen: { tls } })).toEqual(expected)
  })

  it('says of a key with a passphrase that it has one', () => {
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
    })
    const keyFile = path.join(folder, 'encrypted')
    writeFileSync(keyFile, privateKey)
    expect(problemsOf({ listen: { tls: { certFile: cert, keyFile } } })).toEqual([
      `listen.tls.keyFile: ${wantsKey}, found one with a passphrase in encrypted`,
    ])
  })

  it('holds the files of the replay store, of the lists and of the apps to the same', () => {
    const replay = { store: 'redis', url: 'rediss://a', caFile: key, certFile: cert, keyFile: key }
    expect(problemsOf({ replay: { ...replay, keyFile: otherKey } })).toEqual([
      `replay.caFile: ${wantsCert}, found none in ${key}`,
      `replay.keyFile: expected the private key of certFile, found the key of another certificate in ${otherKey}`,
    ])
    expect(problemsOf({ inngestRanges: { caFile: key } })).toEqual([
      `inngestRanges.caFile: ${wantsCert}, found none in ${key}`,
    ])
    expect(problemsOf({}, { caFile: key, certFile: cert, keyFile: otherKey })).toEqual([
      `routes[0].upstreamTls.caFile: ${wantsCert}, found none in ${key}`,
      `routes[0].upstreamTls.keyFile: expected the private key of certFile, found the key of another certificate in ${otherKey}`,
    ])
  })

  it('takes certificate and key out of one file', () => {
    const both = path.join(folder, 'both')
    writeFileSync(both, [key, cert].map((file) => readFileSync(file, 'utf8')).join(''))
    expect(problemsOf({ listen: { tls: { certFile: both, keyFile: both } } })).toEqual([])
  })
})

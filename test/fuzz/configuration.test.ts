/** A configuration file of any bytes: settings or problems, never a crash, and never an open door. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import { parseAddress } from '../../gateway/ip/address.ts'
import { readSettingsFile } from '../../gateway/config/load.ts'
import { fuzz, mutated } from '../support/fuzz.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-fuzz-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const file = path.join(folder, 'gateway.yaml')
const env = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }

/** Reads it as the gateway would, and holds what it reads to what every configuration must keep. */
function readAndCheck(text: string | Uint8Array): void {
  writeFileSync(file, text)
  const reading = readSettingsFile(file, env)
  if (!reading.ok) {
    expect(reading.problems.length).toBeGreaterThan(0)
    for (const problem of reading.problems) {
      expect(`${problem.expected} ${problem.found}`).not.toContain('12345678')
    }
    return
  }
  const { policy, config } = reading.settings
  for (const route of policy.routes) {
    if (route.kind === 'inngest') expect(route.signingKeys.length).toBeGreaterThan(0)
  }
  // No single list can hold everybody.
  for (const ranges of [policy.allowlist, policy.trustedProxies]) {
    const everywhere = ['0.0.0.1', '255.255.255.254', '::2', 'ffff::']
    const addresses = everywhere.flatMap((text_) => parseAddress(text_) ?? [])
    expect(addresses.every((address) => ranges.contains(address))).toBe(false)
  }
  expect(config.limits.maxBufferedBytes).toBeGreaterThanOrEqual(config.limits.maxBodyBytes)
}

const annotated = readFileSync('config/gateway.yaml', 'utf8')
const small =
  'listen: { port: 80 }\nallowlist: [inngest, 10.0.0.0/8]\nroutes:\n  - name: a\n    upstream: http://h:1\n    signingKeys:\n      - env: INNGEST_SIGNING_KEY\n'

describe('the configuration loader', () => {
  it.each([
    ['a small file', small],
    ['the annotated file', annotated],
  ])('takes %s with some characters changed, or says what is wrong', (_, text) => {
    fc.assert(
      fc.property(mutated(fc.constant(text), '$:-[]{}&*!|>#\'"\n\t 0'), readAndCheck),
      fuzz(0.1),
    )
  })

  it('takes any value in the place of any other', () => {
    const keys = [
      'listen',
      'ops',
      'allowlist',
      'trustedProxies',
      'limits',
      'routes',
      'log',
      '__proto__',
    ]
    const change = fc.tuple(fc.constantFrom(...keys), fc.jsonValue())
    fc.assert(
      fc.property(change, ([key, value]) => {
        const lines = small.split('\n').filter((line) => !line.startsWith(`${key}:`))
        readAndCheck(`${lines.join('\n')}\n${key}: ${JSON.stringify(value)}\n`)
      }),
      fuzz(0.2),
    )
  })

  it('takes any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readAndCheck), fuzz(0.2))
  })
})

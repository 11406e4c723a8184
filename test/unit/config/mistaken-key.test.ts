/** What is pasted in place of a signing key is refused by name, in every command, and never shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { readKeyFromEnv, readKeyFromFile } from '../../../gateway/config/read/resolve-keys.ts'
import { computeMac } from '../../../gateway/inngest/mac.ts'
import { readPlan } from '../../../conformance/plan.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-keys-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const digits = '0123456789abcdef'.repeat(4)
const key = `signkey-prod-${digits}`
const quotes = 'quotes around the key: remove the quotes'
const line = 'a whole line of an .env file: remove the variable name and the = after it'
const several =
  'several keys: give each key its own variable or file and its own entry in signingKeys'
const cut = 'a key that was shortened for display: copy the whole key'
const take = "take the signing key from Inngest's dashboard"

const mistakes: [string, string][] = [
  [`sk-inn-api-${digits}`, `an API key, which signs nothing: ${take}`],
  [`"sk-inn-api-${digits}"`, `an API key, which signs nothing: ${take}`],
  ['aZ3-_'.repeat(17), `what looks like an event key, which signs nothing: ${take}`],
  [`"${key}"`, quotes],
  [`'${key}'`, quotes],
  [`"${digits}"`, quotes],
  [`${key}"`, quotes],
  [`“${key}”`, quotes],
  [`${key} # production`, 'a comment after the key: remove the comment'],
  [`${digits}\t// main`, 'a comment after the key: remove the comment'],
  [`INNGEST_SIGNING_KEY=${key}`, line],
  [`export INNGEST_SIGNING_KEY=${digits}`, line],
  [`INNGEST_SIGNING_KEY="${key}"`, line],
  [`INNGEST_SIGNING_KEY: ${key}`, line],
  [`signingKey: ${key}`, line],
  [`${key},${key}`, several],
  [`${key}, signkey-prod-1`, several],
  [`${digits} ${digits}`, several],
  [`${key}\n${key}`, several],
  [`sha256:${digits}`, 'the hash of a key: signatures are made with the key itself'],
  ['signkey-prod-…', `a placeholder: ${take}`],
  ['signkey-…', `a placeholder: ${take}`],
  ['signkey-prod-<your key>', `a placeholder: ${take}`],
  ['changeme', `a placeholder: ${take}`],
  ['<your key>', `a placeholder: ${take}`],
  ['signkey-prod-0123...', cut],
  ['signkey-prod-0123…', cut],
  ['signkey-prod-0123********', cut],
  [`${key.slice(0, 20)} ${key.slice(20)}`, 'white space inside the key: remove it'],
  [`https://app.example.com/${digits}`, `a URL: ${take}`],
  [`-----BEGIN PRIVATE KEY-----\n${digits}`, `a PEM file, which is no key of Inngest's: ${take}`],
  ['signkey-prod-', 'only a prefix, or characters no key has'],
  ['  \n', 'it empty'],
]

describe('in place of a signing key', () => {
  it.each(mistakes)('%j is named in a variable', (text, found) => {
    const reading = readKeyFromEnv('KEY', { KEY: text })
    const expected = 'a signing key in the environment variable KEY'
    expect(reading).toEqual({ ok: false, expected, found })
  })

  it.each(mistakes)('%j is named in a file', (text, found) => {
    const file = path.join(folder, 'key')
    writeFileSync(file, text)
    expect(readKeyFromFile(file)).toMatchObject({ ok: false, found })
  })

  it('is named by conformance', () => {
    const options = {
      keyEnv: 'KEY',
      appAddress: [],
      restrictedPath: [],
      only: [],
      maxAge: '300',
      clockTolerance: '300',
    }
    const plan = readPlan({ ...options, url: 'https://a/' }, { KEY: `"${key}"` })
    expect(plan).toMatchObject({
      ok: false,
      problem: `--key-env: expected a signing key in the environment variable KEY, found ${quotes}`,
    })
  })

  it('names the event key of the same environment', () => {
    const both = { INNGEST_SIGNING_KEY: 'local-key-4711', INNGEST_EVENT_KEY: 'local-key-4711 ' }
    expect(readKeyFromEnv('INNGEST_SIGNING_KEY', both)).toMatchObject({
      ok: false,
      found: `an event key, which signs nothing: ${take}`,
    })
  })

  it('takes one text for both of a self-hosted Inngest', () => {
    const both = { INNGEST_SIGNING_KEY: digits, INNGEST_EVENT_KEY: digits }
    expect(readKeyFromEnv('INNGEST_SIGNING_KEY', both)).toMatchObject({ ok: true })
  })
})

describe('around a signing key', () => {
  const macOf = (reading: ReturnType<typeof readKeyFromEnv>) =>
    reading.ok ? computeMac(reading.key, Buffer.from('x'), 1).toString('hex') : reading.found
  const right = macOf(readKeyFromEnv('KEY', { KEY: key }))

  it.each([`${key}\n`, `${key}\r\n`, `  ${key}\t`, `\ufeff${key}`, digits])(
    'drops what no key has, in a variable and in a file: %j',
    (text) => {
      const file = path.join(folder, 'key')
      writeFileSync(file, text)
      expect(macOf(readKeyFromEnv('KEY', { KEY: text }))).toBe(right)
      expect(macOf(readKeyFromFile(file))).toBe(right)
    },
  )

  it.each(['YWJjZGVmZ2hpamtsbW5vcA==', 'my-own-self-hosted-key-4711', '/home/somebody'])(
    'takes a key of an app of its own: %s',
    (text) => {
      expect(readKeyFromEnv('KEY', { KEY: text })).toMatchObject({ ok: true })
    },
  )
})

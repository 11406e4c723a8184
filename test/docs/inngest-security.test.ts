/** docs/explanation/inngest-security.md covers every part of Inngest's page, dates its sources, and is true of the gateway. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { configSchema } from '../../gateway/config/schema/config.ts'
import { readSettingsFile } from '../../gateway/config/load.ts'
import { sectionsOf } from '../support/documents.ts'

const file = 'docs/explanation/inngest-security.md'
const page = readFileSync(file, 'utf8')
const folder = mkdtempSync(path.join(tmpdir(), 'security-page-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Of the copy of 2026-05-03, in its order; the last is on the linked pages. */
const parts = [
  'Compliance, audits and reports',
  'Encryption at rest and in transit',
  'Signing keys and SDK security',
  'API keys',
  'SAML',
  'Direct sync',
  'Indirect sync',
  'Connect workers',
  'Encryption middleware',
  'IP allowlist',
  'Key rotation',
]

describe("the page about Inngest's security page", () => {
  it('has a section for each part', () => {
    expect(sectionsOf(file).slice(1)).toEqual([...parts, 'Sources'])
  })

  it('has each part in its table, once', () => {
    const table = page.slice(0, page.indexOf('\n## '))
    const linked = [...table.matchAll(/^\| \[.+?\]\(#([\w-]+)\)/gm)].map(([, anchor]) => anchor)
    expect(linked).toHaveLength(parts.length)
    expect(new Set(linked).size).toBe(parts.length)
  })

  it('dates each source, or says that its date is unknown', () => {
    const sources = page.slice(page.indexOf('## Sources'))
    const rows = sources
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2)
    expect(rows.length).toBeGreaterThan(8)
    const undated = rows.filter((row) => !/\d{4}|date of the copy unknown|commit `/.test(row))
    expect(undated).toEqual([])
  })

  it('is true of an API key in the place of a signing key', () => {
    const config = path.join(folder, 'gateway.yaml')
    const route =
      'routes: [{ name: a, upstream: "http://127.0.0.1:1", signingKeys: [{ env: KEY }] }]\n'
    writeFileSync(config, route)
    expect(readSettingsFile(config, { KEY: 'sk-inn-api-0123456789abcdef' }).ok).toBe(false)
    expect(readSettingsFile(config, { KEY: 'signkey-test-0123456789abcdef' }).ok).toBe(true)
  })

  it('is true of the defaults that it names', () => {
    const { checks, allowlist } = configSchema.shape
    expect(checks.parse(undefined).syncUrl).toBe('report')
    expect(allowlist.parse(undefined)).toEqual(['inngest'])
  })
})

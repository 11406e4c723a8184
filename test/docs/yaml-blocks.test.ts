/** Every YAML block of the documentation: a gateway's configuration starts, and all others can be read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, parseDocument, stringify } from 'yaml'

import { readSettingsFile } from '../../gateway/config/load.ts'
import { blocksOf, type Block } from '../support/documents.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-docs-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const blocks = blocksOf('yaml')
const isConfiguration = ({ text }: Block) => /^routes:/m.test(text)
const configurations = blocks.filter(isConfiguration)
const others = blocks.filter((block) => !isConfiguration(block))

describe('the documentation', () => {
  it('has configurations', () => {
    expect(configurations.length).toBeGreaterThan(6)
  })

  it.each(configurations)('has one that starts: $page:$line', ({ text }) => {
    const key = path.join(folder, 'key')
    writeFileSync(key, 'signkey-test-12345678')
    const file = path.join(folder, 'gateway.yaml')
    const secret = (name: string) => (name.endsWith('.pem') ? 'test/fixtures/tls/cert.pem' : key)
    writeFileSync(file, text.replaceAll(/\/run\/secrets\/[^\s,}]+/g, secret))
    const env = {
      INNGEST_SIGNING_KEY: 'signkey-test-12345678',
      INNGEST_ENDPOINTS_SIGNING_KEY: 'signkey-test-87654321',
    }
    expect(readSettingsFile(file, env)).toMatchObject({ ok: true })
  })

  it('has in the README a smallest file, of which nothing can be left out', () => {
    const [smallest] = configurations.filter(({ page }) => page === 'README.md')
    const { routes, ...more } = parse(smallest?.text ?? '') as { routes: Record<string, unknown>[] }
    expect([routes.length, more]).toEqual([1, {}])
    for (const left of Object.keys(routes[0] ?? {})) {
      const file = path.join(folder, 'smaller.yaml')
      writeFileSync(file, stringify({ routes: [{ ...routes[0], [left]: undefined }] }))
      const env = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }
      expect([left, readSettingsFile(file, env).ok]).toEqual([left, false])
    }
  })

  it.each(others)('has other YAML without a mistake: $page:$line', ({ text }) => {
    for (const document of parseAllDocuments(text)) {
      expect('errors' in document ? document.errors : []).toEqual([])
    }
    // A key of the gateway's that stands alone would be an unproven piece of a configuration.
    const top: unknown = parseDocument(text).toJS()
    expect(Object.keys(top ?? {})).not.toContain('signingKeys')
  })
})

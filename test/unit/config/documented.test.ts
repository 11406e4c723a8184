/** Every YAML block of the README is a configuration that starts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { readSettingsFile } from '../../../gateway/config/load.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-readme-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** In a list they are indented. */
const blocks = [...readFileSync('README.md', 'utf8').matchAll(/^( *)```yaml\n(.*?)^\1```/gms)].map(
  ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
)

describe('README.md', () => {
  it('has configurations', () => {
    expect(blocks.length).toBeGreaterThan(3)
  })

  it.each(blocks)('has one that starts: %s', (text) => {
    const key = path.join(folder, 'key')
    writeFileSync(key, 'signkey-test-12345678')
    const file = path.join(folder, 'gateway.yaml')
    writeFileSync(file, text.replaceAll(/\/run\/secrets\/\S+/g, key))
    const env = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }
    expect(readSettingsFile(file, env)).toMatchObject({ ok: true })
  })
})

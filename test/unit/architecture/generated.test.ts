import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { generatedFiles, styled } from '../../support/generated-files.ts'
import { keysOf } from '../../support/setting-keys.ts'

describe('generated files', () => {
  it.each(Object.entries(generatedFiles))('%s says what the code says', async (file, make) => {
    const text = readFileSync(file, 'utf8')
    expect(await styled(file, make(text))).toBe(text)
  })
})

describe('keysOf', () => {
  it('stops at a key that nobody has described', () => {
    const level = { properties: { log: { properties: { level: {} } } } }
    expect(() => keysOf(level)).toThrow('log.level is not described')
  })
})

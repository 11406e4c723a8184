import { readFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { describe, expect, it } from 'vitest'

import { generatedFiles } from '../../support/generated-files.ts'

describe('generated files', () => {
  it.each(Object.entries(generatedFiles))('%s says what the code says', async (file, make) => {
    const text = readFileSync(file, 'utf8')
    const style = { ...(await resolveConfig(file)), filepath: file }
    expect(await format(make(text), style)).toBe(text)
  })
})

import { readFileSync } from 'node:fs'
import { format } from 'prettier'
import { describe, expect, it } from 'vitest'

import { generatedFiles } from '../../support/generated-files.ts'

describe('generated files', () => {
  it.each(Object.entries(generatedFiles))('%s says what the code says', async (file, make) => {
    const text = readFileSync(file, 'utf8')
    expect(await format(make(text), { filepath: file, printWidth: 100 })).toBe(text)
  })
})

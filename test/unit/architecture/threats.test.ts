/** docs/explanation/threat-model.md can name no test that does not exist, and no attack is left out of it. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { testFileOf, threatGroups } from '../../support/threats.ts'

const pins = threatGroups.flatMap(({ threats }) => threats.flatMap(({ pinnedBy }) => pinnedBy))

const testFiles = () => readdirSync('test/security').filter((file) => file.endsWith('.test.ts'))

describe('the table of threats', () => {
  it.each(pins)('%s has a test that says: %s', (file, title) => {
    expect(readFileSync(testFileOf(file), 'utf8').replaceAll(/\s+/g, ' ')).toContain(title)
  })

  it('has a row for each attack there is a file of', () => {
    const named = new Set(pins.map(([file]) => testFileOf(file)))
    const files = testFiles().map((file) => `test/security/${file}`)
    expect(files.filter((file) => !named.has(file))).toEqual([])
  })

  it('has a head comment with the attack in each file', () => {
    for (const file of testFiles()) {
      expect(readFileSync(`test/security/${file}`, 'utf8')).toMatch(/^\/\*\*\n \* [A-Z]/)
    }
  })
})

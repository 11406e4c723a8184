/** Every test that test/regressions.md names is there, and is run. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { titlesOf } from '../support/test-titles.ts'

const lines = readFileSync('test/regressions.md', 'utf8').split('\n')
const cellsOf = (line: string) =>
  // A `|` in a cell is written `\|`.
  line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
const isRow = (line: string, i: number) =>
  line.startsWith('|') && !line.startsWith('| --') && !lines[i + 1]?.startsWith('| --')
const table = lines.filter(isRow).map(cellsOf)
const rows = table.map(([, fault = '', file = '', title = '']) => ({ fault, file, title }))

const unquoted = (cell: string) => /^`` ?(.+?) ?``$|^`(.+)`$/.exec(cell)?.slice(1).join('') ?? ''

describe('the table of regressions', () => {
  it('has a fault, a file and a title in each row', () => {
    expect(rows.length).toBeGreaterThan(200)
    for (const [i, { fault, file, title }] of rows.entries()) {
      expect(table[i]).toHaveLength(5)
      expect([fault, unquoted(file), unquoted(title)]).not.toContain('')
    }
  })

  it('has no row twice', () => {
    const seen = rows.map(({ fault, title }) => `${fault} | ${title}`)
    expect(seen.filter((row, i) => seen.indexOf(row) !== i)).toEqual([])
  })

  it.each([...new Set(rows.map(({ file }) => file))])('names tests that are in %s', (cell) => {
    const file = `test/${unquoted(cell)}`
    expect(existsSync(file)).toBe(true)
    const titles = rows.filter((row) => row.file === cell).map(({ title }) => unquoted(title))
    const there = titlesOf(file)
    expect(titles.filter((title) => !there.includes(title))).toEqual([])
  })
})

describe('the titles of a test file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'test-titles-'))
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it('are those of the tests that are run, with the suites around them', () => {
    const file = path.join(folder, 'some.test.ts')
    writeFileSync(
      file,
      `describe.each(programs)('on %s', { tags: ['redis'] }, (program) => {
        for (const way of ways) {
          it.each([['a', it('in a row')]])('is one', () => {})
          it.skip('is left out', () => {})
        }
        describe.skip('left out', () => { it('is in it', () => {}) })
      })
      test(\`is "quoted"\`, () => { const it = 'is no test' })`,
    )
    expect(titlesOf(file)).toEqual(['on %s > is one', 'is "quoted"'])
  })
})

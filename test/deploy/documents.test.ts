/** What the files of deploy/ send an operator to read is there, and has that section. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { sectionsOf } from '../support/documents.ts'

/** Where deploy/systemd installs the repository. */
const INSTALLED = '/opt/inngest-gateway/'
/** Where links of the alert rules lead. */
const PUBLISHED = '//github.com/inngest-gateway/inngest-gateway/blob/main/'

const files = globSync('deploy/**').filter((file) => statSync(file).isFile())

/** Markdown links have a test of their own: test/docs/links.test.ts. */
const references = files.flatMap((file) => {
  const text = readFileSync(file, 'utf8').replaceAll(/\]\([^)]*\)/g, '')
  return [...text.matchAll(/([\w./-]+\.md)\b(?:, \\?"([^"\\]+))?/g)].map(
    ([, page = '', section]) => ({
      file,
      page: page.replace(INSTALLED, '').replace(PUBLISHED, ''),
      section,
    }),
  )
})

describe('a document that deploy/ refers to', () => {
  it('is referred to in several places', () => {
    expect(references.length).toBeGreaterThan(8)
  })

  it.each(references)('is there: $page of $file', ({ page, section }) => {
    expect(existsSync(page)).toBe(true)
    if (section !== undefined) expect(sectionsOf(page)).toContain(section)
  })

  it.each(files)('is named by its path in %s, not as "the README"', (file) => {
    expect(readFileSync(file, 'utf8')).not.toMatch(/README(?!\.md)/)
  })
})

/** Every link of a page to one of its own sections leads to a section that it has. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { pages, sectionsOf } from '../support/documents.ts'

const links = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/\]\(#([^)\s]+)\)/g)].map(([, anchor = '']) => ({
    page,
    anchor,
  })),
)

describe('a link within a page', () => {
  it('is found in several pages', () => {
    expect(new Set(links.map(({ page }) => page)).size).toBeGreaterThan(2)
  })

  it.each(links)('leads to a section of $page: #$anchor', ({ page, anchor }) => {
    const anchors = sectionsOf(page).map((text) =>
      text
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    )
    expect(anchors).toContain(anchor)
  })
})

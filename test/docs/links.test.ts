/** Every link of the documentation to a file of the project leads there. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

import { anchorsOf, linksOf, pages } from '../support/documents.ts'

const links = pages.flatMap((page) => linksOf(page).map((target) => ({ page, target })))

describe('a link of the documentation', () => {
  it('is found in many places', () => {
    expect(links.length).toBeGreaterThan(20)
  })

  it.each(links)('leads somewhere from $page: $target', ({ page, target }) => {
    const [file = '', anchor] = target.split('#')
    const there = file === '' ? page : path.join(path.dirname(page), file)
    expect(existsSync(there)).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(there)).toContain(anchor)
  })

  it('leads to every page of docs from docs/README.md', () => {
    const linked = links
      .filter(({ page }) => page === 'docs/README.md')
      .map(({ page, target }) => path.join(path.dirname(page), target))
    const written = pages.filter((page) => /^docs\/.+\.md$/.test(page) && page !== 'docs/README.md')
    expect(linked).toEqual(expect.arrayContaining(written))
  })
})

/** Comments, messages and settings name pages as well. */
const sources = globSync(
  ['*.{js,ts,md,json}', 'Dockerfile', '{gateway,conformance,test,deploy,bench,config,docs}/**/*.*'],
  { exclude: ['**/node_modules/**', 'docs/site/**', 'bench/.before-wire/**'] },
).filter((file) => /(?:\.(?:[jt]s|md|ya?ml|json|conf|service|svg)|Dockerfile)$/.test(file))

describe('a page that the source names', () => {
  it('is there', () => {
    const missing = sources
      // Its pages may be still to come.
      .filter((file) => file !== 'test/docs/tasks.yaml')
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(/(?<![\w/.-])docs\/[\w/-]+\.md\b/g)].map(
          ([page]) => [file, page] as const,
        ),
      )
      .filter(([, page]) => !existsSync(page))
    expect(missing).toEqual([])
  })
})

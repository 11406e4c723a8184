/** Settings, metrics, reasons and log fields that a page names are there. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { faults } from '../../gateway/admit/faults.ts'
import { reasons } from '../../gateway/admit/reasons.ts'
import { anchorsOf, pages } from '../support/documents.ts'
import { keysOf, settingsSchema } from '../support/setting-keys.ts'

const keys = keysOf(settingsSchema()).map(({ path }) => path)
const sections = new Set(keys.filter((key) => key.includes('.')).map((key) => key.split('.')[0]))
const metrics = new Set(
  readFileSync('docs/reference/metrics.md', 'utf8').match(/(?<=^\| `)inngest_gateway_\w+/gm),
)

/** What changed since then is only in these. */
const isPast = (page: string) => page === 'CHANGELOG.md' || page.startsWith('docs/decisions/')
const current = pages.filter((page) => !isPast(page))

const namesIn = (page: string) =>
  [...readFileSync(page, 'utf8').matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)

describe('a page of the documentation', () => {
  it.each(current)('names only settings that exist: %s', (page) => {
    const settings = namesIn(page)
      .flatMap((text) => /^((?:[a-zA-Z]+(?:\[\])?\.)+[a-zA-Z]+)(?:: [^:]+)?$/.exec(text)?.[1] ?? [])
      .filter((name) => sections.has(name.split('.')[0] ?? ''))
    expect(settings.filter((name) => !keys.includes(name))).toEqual([])
  })

  it.each(current)('names only metrics that exist: %s', (page) => {
    const named = readFileSync(page, 'utf8').match(/\binngest_gateway_\w+[a-z]\b/g) ?? []
    const unknown = named.filter((name) => !metrics.has(name.replace(/_(?:bucket|sum|count)$/, '')))
    expect(unknown).toEqual([])
  })
})

describe('the page of reasons', () => {
  const codes = [...Object.keys(reasons), ...Object.keys(faults)]

  it('has an anchor for every reason', () => {
    expect(anchorsOf('docs/reference/reasons.md')).toEqual(expect.arrayContaining(codes))
  })

  it('has a remedy for every reason that is a sentence of its own', () => {
    const rows = Object.entries({ ...reasons, ...faults })
    const weak = rows.filter(
      ([, { meaning, remedy }]) => !/^[A-Z`].{20,}\.$/s.test(remedy) || meaning.includes(remedy),
    )
    expect(weak.map(([code]) => code)).toEqual([])
  })
})

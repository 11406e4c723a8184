/** The list of advisories that is shipped, and any that replaces it. */
import { pathToFileURL } from 'node:url'

import { describe, expect, it } from 'vitest'

import { SdkAdvisories } from '../../../gateway/record/sdk-advisories.ts'

const shipped = SdkAdvisories.read()

const idsOf = (list: SdkAdvisories, language: string, version: string) =>
  list.of({ language, version }).flatMap(({ ids }) => ids)

const listWith = (affected: string) => `
date: '2026-11-29'
advisories:
  - ids: [CVE-2026-00001]
    sdk: py
    package: inngest
    published: '2026-11-01'
    summary: An example.
    link: https://example.com/
    affected: ${affected}
`

describe('the shipped list of advisories', () => {
  // https://osv.dev/vulnerability/GHSA-2jf5-6wwv-vhxx: 3.22.0 to 3.53.1.
  it.each([
    ['js', '3.21.1', false],
    ['js', '3.22.0', true],
    ['js', '3.53.1', true],
    ['js', '3.54.0-beta.1', true],
    ['js', '3.54.0', false],
    ['js', '4.24.0', false],
    ['py', '3.30.0', false],
  ])('says whether CVE-2026-42047 is of %s %s', (language, version, isAffected) => {
    const ids = ['GHSA-2jf5-6wwv-vhxx', 'CVE-2026-42047']
    expect(idsOf(shipped, language, version)).toEqual(isAffected ? ids : [])
  })

  it('has a day', () => {
    expect(shipped.date).toMatch(/^\d{4}-\d\d-\d\d$/)
  })
})

describe('a list that replaces it', () => {
  it('may have several ranges, and one without a fix', () => {
    const list = SdkAdvisories.parse(
      listWith('[{ introduced: 0.1.0, fixed: 0.2.0 }, { introduced: 0.4.0 }]'),
    )
    const affected = ['0.1.0', '0.2.0', '0.3.9', '0.4.0', '9.0.0'].map(
      (version) => idsOf(list, 'py', version).length,
    )
    expect(affected).toEqual([1, 0, 0, 1, 1])
  })

  it.each([
    ['a range without a version', listWith('[{ introduced: none }]')],
    ['no range', listWith('[]')],
    ['a key that it does not have', `${listWith('[{ introduced: 0.1.0 }]')}\nmore: 1`],
    ['no day', 'advisories: []'],
    ['an identifier of another kind', listWith('[{ introduced: 0.1.0 }]').replace('CVE', 'BUG')],
    ['a link that is no https', listWith('[{ introduced: 0.1.0 }]').replace('https:', 'file:')],
  ])('is refused with %s', (_, text) => {
    expect(() => SdkAdvisories.parse(text)).toThrow()
  })

  it('is refused with its path and what is wrong if it cannot be read', () => {
    const missing = pathToFileURL('/nowhere/sdk-advisories.yaml')
    expect(() => SdkAdvisories.read(missing)).toThrow('/nowhere/sdk-advisories.yaml cannot be used')
    const other = pathToFileURL('config/inngest-ranges.yaml')
    expect(() => SdkAdvisories.read(other)).toThrow(/inngest-ranges\.yaml cannot be used: .*date/s)
  })
})

import { describe, expect, it } from 'vitest'

import { combine, whyBundled, type KnownList } from '../../../gateway/ranges/current-ranges.ts'

const whyWith = (...known: KnownList[]) => whyBundled(combine(known, [], 'fetched', 0, 0))

const list = { fetchedAtSeconds: 0, published: [], vanished: [] }

describe('the bundled ranges are in use', () => {
  it('holds by choice, where nothing is to be fetched', () => {
    expect(whyWith()).toBe('inngestRanges.urls is empty')
  })

  it('holds until every source has given a list', () => {
    const unread = { source: 'v4', list: undefined, isFresh: false }
    const read = { source: 'v6', list, isFresh: true }
    expect(whyWith(unread)).toBe('a list has not been fetched yet')
    expect(whyWith(unread, read)).toBe('a list has not been fetched yet')
  })
})

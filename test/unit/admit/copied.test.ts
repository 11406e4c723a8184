import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { copied } from '../../../gateway/admit/copied.ts'
import { lessonOf, type PairLesson } from '../../../gateway/admit/checks/function-id.ts'
import { memoized } from '../../../gateway/admit/memoized.ts'
import { RecentMap } from '../../../gateway/pairs/recent-map.ts'
import { retainedBytes } from '../../support/retained.ts'

/** A text of 24 characters and what is measured wrongly; what it was cut from has 256 KiB. */
const LITTLE = 32 * 1024

describe('a copied text', () => {
  it('is the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(copied(text)).toBe(text)
      }),
    )
    expect(copied('\ud800')).toBe('\ud800')
  })

  it('does not keep the text that it was cut from, which the original does', () => {
    const kept: string[] = []
    expect(retainedBytes((text) => kept.push(text))).toBeGreaterThan(4 * LITTLE)
    expect(retainedBytes((text) => kept.push(copied(text)))).toBeLessThan(LITTLE)
    expect(kept).toHaveLength(200)
  })
})

describe('what lives longer than its request', () => {
  it('is in memory of its own: memoized texts, and what is said of them', () => {
    const known = memoized((text) => text.slice(1, -1))
    expect(retainedBytes((text) => known(text))).toBeLessThan(LITTLE)
    expect(known('"a"')).toBe('a')
  })

  it('is in memory of its own: keys of a RecentMap, when set and when used again', () => {
    const map = new RecentMap<number>({ size: 100, lifeMs: 1000 })
    expect(
      retainedBytes((text, i) => {
        map.set(text, i, 0)
      }),
    ).toBeLessThan(LITTLE)
    map.set('another', 0, 0)
    expect(retainedBytes((text) => map.get(text, 1))).toBeLessThan(LITTLE)
  })

  it('is in memory of its own: what a call teaches of its function', () => {
    const lessons: (PairLesson | undefined)[] = []
    const retained = retainedBytes((text) => {
      lessons.push(lessonOf(undefined, { key: 'a', fnId: text, runId: text }))
    })
    expect(retained).toBeLessThan(LITTLE)
    expect(lessons.every((lesson) => lesson?.fnId.length === 24)).toBe(true)
  })
})

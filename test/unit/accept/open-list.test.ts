import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { OpenList, type Listed } from '../../../gateway/accept/open-list.ts'

describe('OpenList', () => {
  it('holds what was added and not removed, in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (turns) => {
        const list = new OpenList<Listed>()
        const items = Array.from({ length: 10 }, (): Listed => ({}))
        const open = new Set<Listed>()
        for (const turn of turns) {
          const item = items[turn] ?? {}
          if (open.delete(item)) {
            list.remove(item)
            list.remove(item)
          } else {
            open.add(item)
            list.add(item)
          }
          expect(new Set(list)).toEqual(open)
          expect([list.size, [...list].length]).toEqual([open.size, open.size])
        }
      }),
    )
  })
})

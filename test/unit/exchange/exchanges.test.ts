import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Exchanges, type OpenExchange } from '../../../gateway/exchange/exchanges.ts'

/** Nothing of an exchange is looked at here. */
function entryOf(): OpenExchange {
  const request = { socket: new EventEmitter() }
  return { exchange: {}, request, response: undefined } as unknown as OpenExchange
}

describe('Exchanges', () => {
  it('holds those that have joined and not left, in whatever order they do', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (turns) => {
        const exchanges = new Exchanges()
        const entries = Array.from({ length: 10 }, entryOf)
        const open = new Set<OpenExchange>()
        for (const turn of turns) {
          const entry = entries[turn] ?? entryOf()
          if (open.delete(entry)) {
            exchanges.remove(entry)
            exchanges.remove(entry)
          } else {
            open.add(entry)
            exchanges.add(entry)
          }
          expect(new Set(exchanges)).toEqual(open)
          expect([...exchanges]).toHaveLength(open.size)
          expect(exchanges.on(entry.request.socket)).toBe(
            open.has(entry) ? entry.exchange : undefined,
          )
        }
      }),
    )
  })
})

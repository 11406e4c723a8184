/** The one table of reasons reads in the order in which a request meets them. */
import { describe, expect, it } from 'vitest'

import { phases, reasons } from '../../../gateway/admit/reasons.ts'

describe('the table of reasons', () => {
  it('never steps back to an earlier phase', () => {
    const met = Object.values(reasons).map(({ phase }) => phase)
    expect(met).toEqual(phases.flatMap((phase) => met.filter((other) => other === phase)))
  })
})

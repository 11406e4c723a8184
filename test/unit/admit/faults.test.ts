import { expect, it } from 'vitest'

import { faults, messageFor, type FaultCode } from '../../../gateway/admit/faults.ts'

const answered = (Object.keys(faults) as FaultCode[]).filter(
  (code) => faults[code].status !== undefined,
)

it.each(answered)('tells a stranger of %s without a key of the configuration', (code) => {
  expect(messageFor(code)).not.toMatch(/`|\.[a-z]/i)
})

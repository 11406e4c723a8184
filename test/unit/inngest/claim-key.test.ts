import { describe, expect, it } from 'vitest'

import { callParameters } from '../../../gateway/inngest/call-parameters.ts'
import { isShortProbe, probeKey, stepKey } from '../../../gateway/inngest/claim-key.ts'

const mac = Buffer.alloc(32, 7)
const route = { name: 'a', host: undefined, path: '/api/inngest', serveOrigin: undefined }

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex')
}

describe('probeKey', () => {
  it.each([
    ['name', { name: 'b' }],
    ['host', { host: 'h' }],
    ['path', { path: '/b' }],
    ['serveOrigin', { serveOrigin: { host: 'h' } }],
  ])('differs for routes of another %s', (_, change) => {
    expect(hex(probeKey(mac, { ...route, ...change }))).not.toBe(hex(probeKey(mac, route)))
  })

  it('is no key of another kind', () => {
    const keys = [
      mac,
      probeKey(mac, route),
      stepKey(mac, callParameters('')),
      stepKey(mac, callParameters('fnId=a')),
    ]
    expect(new Set(keys.map(hex)).size).toBe(4)
  })
})

describe('stepKey', () => {
  const keyOf = (query: string) => hex(stepKey(mac, callParameters(query)))

  it('tells functions and steps apart, and nothing else', () => {
    expect(keyOf('fnId=f&stepId=a')).not.toBe(keyOf('fnId=f&stepId=b'))
    expect(keyOf('fnId=fa&stepId=b')).not.toBe(keyOf('fnId=f&stepId=ab'))
    expect(keyOf('fnId=f&stepId=a&x=1')).toBe(keyOf('stepId=a&fnId=f'))
  })
})

it('takes no function call for a trust probe by its length', () => {
  expect([0, 2, 256, 257, 600].map(isShortProbe)).toEqual([true, true, true, false, false])
})

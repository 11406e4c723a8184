import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { redirectedTarget, targetName } from '../../../gateway/inngest/redirect-target.ts'

const call = {
  method: 'POST',
  host: 'app.example.com:8443',
  path: '/api/inngest',
  query: 'fnId=a&stepId=s',
}

describe('redirectedTarget', () => {
  it.each([
    ['/x', 'app.example.com:8443 /x fnId=a&stepId=s'],
    ['x', 'app.example.com:8443 /api/x fnId=a&stepId=s'],
    ['?y=1', 'app.example.com:8443 /api/inngest y=1&fnId=a&stepId=s'],
    ['', 'app.example.com:8443 /api/inngest fnId=a&stepId=s'],
    ['/x?fnId=b&z=1', 'app.example.com:8443 /x fnId=a&z=1&stepId=s'],
    ['//other.example.com/x', 'other.example.com /x fnId=a&stepId=s'],
    ['https://other.example.com:444/x', 'other.example.com:444 /x fnId=a&stepId=s'],
    ['https://other.example.com:443/x', 'other.example.com /x fnId=a&stepId=s'],
    ['/x#fragment', 'app.example.com:8443 /x fnId=a&stepId=s'],
    ['ftp://other.example.com/x', undefined],
    ['http://', undefined],
  ])('maps %j to %j', (location, expected) => {
    const target = redirectedTarget(call, location, undefined)
    expect(target && `${target.host} ${target.path} ${target.query}`).toBe(expected)
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.webQueryParameters(), (location, path, query) => {
        redirectedTarget({ ...call, path: `/${path}`, query }, location, undefined)
      }),
    )
  })
})

describe('targetName', () => {
  it('is the same however the rest of the query is written, and whatever case the host is in', () => {
    expect(
      targetName({ ...call, host: 'APP.example.com:8443', query: 'z=1&stepId=s&fnId=%61' }),
    ).toBe(targetName(call))
  })

  it('is the same for every spelling of an authority', () => {
    const name = targetName({ ...call, host: 'app.example.com' })
    for (const host of ['app.example.com.', 'app.example.com:443', 'APP.example.com:80']) {
      expect(targetName({ ...call, host })).toBe(name)
    }
  })

  it.each([
    { method: 'PUT' },
    { host: 'app.example.com' },
    { path: '/api/inngest/' },
    { query: 'fnId=b&stepId=s' },
    { query: 'fnId=a' },
    { query: 'fnId=a&stepId=s&probe=trust' },
  ])('differs with %j', (change) => {
    expect(targetName({ ...call, ...change })).not.toBe(targetName(call))
  })
})

it('takes no longer than two queries are long', () => {
  const query = Array.from({ length: 3000 }, (_, i) => String(i)).join('&')
  const before = process.threadCpuUsage().user
  redirectedTarget({ ...call, query }, `/x?${query}`, undefined)
  // Microseconds: thousands are usual, and most of a million the square.
  expect(process.threadCpuUsage().user - before).toBeLessThan(200_000)
})

import { z } from 'zod'
import { describe, expect, it } from 'vitest'

import { inngestRangesSchema } from '../../../gateway/config/schema/ranges.ts'

const isTaken = (value: object) => inngestRangesSchema.safeParse(value).success

describe('inngestRangesSchema', () => {
  it('asks Inngest if nothing is said', () => {
    expect(inngestRangesSchema.parse(undefined)).toEqual({
      urls: ['https://www.inngest.com/ips-v4', 'https://www.inngest.com/ips-v6'],
      refreshInterval: 14_400,
      timeout: 10_000,
      removedRangeGrace: 604_800,
      stateFile: '/var/lib/inngest-gateway/ranges.json',
      reportUnlisted: true,
    })
  })

  it.each([
    [{ urls: [] }, true],
    [{ urls: ['https://mirror.example.com:8443/list'] }, true],
    [{ urls: ['https://mirror.example.com/list?token=1'] }, false],
    [{ urls: ['http://mirror.example.com/list'] }, false],
    [{ urls: ['https://user@mirror.example.com/list'] }, false],
    [{ urls: ['https://:password@mirror.example.com/list'] }, false],
    [{ urls: ['mirror.example.com/list'] }, false],
    [{ urls: ['file:///etc/list'] }, false],
    [{ urls: Array(10).fill('https://a') }, true],
    [{ urls: Array(11).fill('https://a') }, false],
    [{ file: '/etc/inngest/ranges' }, true],
    [{ file: '' }, false],
    [{ caFile: '' }, false],
    [{ stateFile: '' }, false],
    [{ url: [] }, false],
    [{ refreshInterval: '59s' }, false],
    [{ refreshInterval: '1m' }, true],
    [{ refreshInterval: '7d' }, true],
    [{ refreshInterval: '604801s' }, false],
    [{ timeout: '99ms' }, false],
    [{ timeout: '100ms' }, true],
    [{ timeout: '2m' }, true],
    [{ timeout: '120001ms' }, false],
    [{ removedRangeGrace: '-1s' }, false],
    [{ removedRangeGrace: '0s' }, true],
    [{ removedRangeGrace: '90d' }, true],
    [{ removedRangeGrace: '7776001s' }, false],
  ])('%j: %s', (value, expected) => {
    expect(isTaken(value)).toBe(expected)
  })

  it.each([
    [{ file: '/list', urls: ['https://a'] }, ['file: either urls or file']],
    [{ file: '/list', urls: [] }, ['file: either urls or file']],
    [{ file: '/list', caFile: '/ca' }, ['caFile: nothing, since file is read and not urls']],
    [{ file: '/list', urls: inngestRangesSchema.parse({}).urls }, []],
    [{ urls: ['https://a'], caFile: '/ca' }, []],
  ])('finds, in %j, %j', (value, expected) => {
    const { error } = inngestRangesSchema.safeParse(value)
    const issues = error?.issues ?? []
    expect(issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual(expected)
  })

  it('describes each key', () => {
    const { properties } = z.toJSONSchema(inngestRangesSchema, { io: 'input' })
    for (const [key, property] of Object.entries(properties ?? {})) {
      expect(property, key).toMatchObject({ description: expect.stringMatching(/^[A-Z].*\.$/s) as unknown }) // prettier-ignore
    }
  })
})

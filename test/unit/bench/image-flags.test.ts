import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { imageFlagsOf } from '../../../bench/image-flags.ts'

const imageFlags = imageFlagsOf('.')

describe('the image', () => {
  it('starts Node with the same flags everywhere, since what is compiled ahead is bound to them', () => {
    const dockerfile = readFileSync('Dockerfile', 'utf8')
    // Not those that run no part of the gateway.
    const starts = [...dockerfile.matchAll(/"\/nodejs\/bin\/node"(?!, "--eval")(.*)/g)].map(
      ([, rest]) => rest,
    )
    const flags = imageFlags.map((flag) => `, "${flag}"`).join('')
    expect(imageFlags.length).toBeGreaterThan(0)
    expect(starts.length).toBeGreaterThan(1)
    for (const start of starts) expect(start?.startsWith(flags)).toBe(true)
  })
})

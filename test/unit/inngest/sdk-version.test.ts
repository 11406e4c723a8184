/** What an app writes into `X-Inngest-SDK`. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  compareVersions,
  parseSdkVersion,
  sdkHeader,
} from '../../../gateway/inngest/sdk-version.ts'

describe('the header of an SDK', () => {
  it.each([
    ['inngest-js:v4.24.0', 'js', '4.24.0'],
    ['inngest-py:v0.5.9', 'py', '0.5.9'],
    ['inngest-go:v0.16.0', 'go', '0.16.0'],
    ['inngest-kt:v0.2.2', 'kt', '0.2.2'],
    ['inngest-js:4.0.0-beta.1', 'js', '4.0.0-beta.1'],
    ['inngest-py:v0.5.0rc1', 'py', '0.5.0rc1'],
  ])('names a language and a version: %s', (text, language, version) => {
    expect(parseSdkVersion(text)).toEqual({ language, version })
  })

  it.each([
    '',
    'inngest-js',
    'inngest-js:v4',
    'inngest-js:v4.24',
    'inngest-js:v04.24.0',
    'inngest-js:v4.24.0 ',
    'inngest-js:v4.24.0\n',
    'inngest-js:v4.24.0,inngest-js:v4.24.0',
    'inngest-JS:v4.24.0',
    'my-sdk:v1.0.0',
    'inngest-js:v1234567.0.0',
    `inngest-js:v4.24.0-${'a'.repeat(64)}`,
    'inngest-js:v4.24.0"} 1\nforged 2',
  ])('names none if it is written otherwise: %j', (text) => {
    expect(parseSdkVersion(text)).toBeUndefined()
  })

  it.each(['x-inngest-sdk', 'X-Inngest-Sdk', 'X-Inngest-SDK'])(
    'is found in any letter case, and once: %s',
    (name) => {
      const others = ['Server-Timing', 'a', 'x-inngest-sdk-handled', 'true']
      const headers = [...others, name, 'inngest-go:v0.16.0', name, 'inngest-js:v1.0.0']
      expect(sdkHeader(headers)).toBe('inngest-go:v0.16.0')
      expect(sdkHeader(others)).toBeUndefined()
    },
  )

  it('is shortened if it is too long, and then names no version', () => {
    const text = sdkHeader(['x-inngest-sdk', `inngest-js:v1.0.0-${'a'.repeat(9000)}`]) ?? ''
    expect(text).toHaveLength(65)
    expect(parseSdkVersion(text)).toBeUndefined()
  })

  it('is never more than a short label, whatever is written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^inngest-\w+:v[\d.]+\S*$/)), (text) => {
        const { language = '', version = '' } = parseSdkVersion(text) ?? {}
        expect(`${language} ${version}`).toMatch(/^[\w.+ -]{1,64}$/)
      }),
    )
  })
})

describe('versions', () => {
  it('are in the order of Semantic Versioning, and of what Python writes', () => {
    const ordered = [
      '0.9.0',
      '3.9.0',
      '3.21.9',
      '3.22.0-beta.1',
      '3.22.0',
      '3.22.1',
      '10.0.0rc1',
      '10.0.0',
    ]
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect(Math.sign(compareVersions(a, b)), `${a} and ${b}`).toBe(Math.sign(i - j))
      }
    }
  })

  it('are equal if only their builds differ, and come after a release as a post-release', () => {
    expect(compareVersions('1.2.3+abc', '1.2.3')).toBe(0)
    expect(compareVersions('1.2.3.post1', '1.2.3')).toBe(0)
  })
})

/** What pages must say, since an operator cannot find it out otherwise; and what they must not. */
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const plain = (page: string) => readFileSync(page, 'utf8').replaceAll(/\s+/g, ' ')
const ADVISORY = /\b(?:CVE-\d|GHSA-)/

describe('the documentation', () => {
  it.each([
    [
      'what the second of two equal syncs within a second gets',
      'docs/explanation/replay.md',
      'The second is refused with `replayed`, and Inngest gets a 403',
    ],
    [
      'the least version of Redis',
      'docs/how-to/scale-out.md',
      'Use at least Redis 6.2 or Valkey 7.2',
    ],
    [
      'that agreement of ids proves less without an allowlist',
      'docs/explanation/threat-model.md',
      'Without an allowlist it proves less, since a client can then choose all unsigned ids',
    ],
    ["what Inngest's network announces", 'docs/explanation/inngest-addresses.md', 'AS401508'],
    [
      'where the traffic port comes from',
      'docs/reference/configuration.md',
      '`--port`, else `listen.port` of the file, else the variable `PORT`, else 8080',
    ],
  ])('says %s', (_, page, sentence) => {
    expect(plain(page)).toContain(sentence)
  })
})

describe('an advisory', () => {
  it('is named in the README without the methods that it is about', () => {
    const lines = readFileSync('README.md', 'utf8').split('\n')
    const naming = lines.filter((line) => ADVISORY.test(line))
    expect(naming.length).toBeGreaterThan(0)
    for (const line of naming) {
      const words = line.match(/\b[A-Z]{3,7}\b(?!-)/g) ?? []
      expect(words.filter((word) => !['GET', 'POST', 'PUT'].includes(word))).toEqual([])
    }
  })

  it('is no recipe in a decision: no header is quoted beside what a library lets pass', () => {
    const page = readFileSync('docs/decisions/0003-edge-libraries.md', 'utf8')
    const quoted = [...page.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
    expect(quoted.filter((text) => /^[A-Z][a-z]+(?:-[A-Z][a-z]+)*$/.test(text))).toEqual([])
  })

  it.each(globSync('test/security/*.test.ts').sort())(
    'is named in %s without its input',
    (file) => {
      const head = /\/\*\*.*?\*\//s.exec(readFileSync(file, 'utf8'))?.[0] ?? ''
      const hasInput = /\\r\\n|HTTP\/\d\.\d|\b0x[\da-f]{2}|(?:\b[\da-f]{2} ){4}/i.test(head)
      expect([ADVISORY.test(head), hasInput]).not.toEqual([true, true])
    },
  )
})

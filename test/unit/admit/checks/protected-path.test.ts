import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  mayClimb,
  mayMeanPath,
  mayNameHost,
} from '../../../../gateway/admit/checks/protected-path.ts'

const isRefused = (path: string, protectedPath = '/api/inngest', isListed = false) =>
  mayMeanPath(path, protectedPath, isListed)

/** All but what a request target holds as itself, and of that what `isEncoded` picks. */
function encoded(text: string, isEncoded: (i: number) => boolean = () => false): string {
  const one = (letter: string, i: number) =>
    /[A-Za-z0-9_~.,:@!$&'()*+=;/-]/.test(letter) && !isEncoded(i)
      ? letter
      : [...Buffer.from(letter)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  return Array.from(text, one).join('')
}

/** Characters that change what a path is in one form or another. */
const CHANGING = Array.from(
  '\u0301\u0307\u0323\u0338\u034f\u20dd\u3099\uff9e' +
    '\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe00\ufe0f\u061c\u115f\u1160\u3164\uffa0\u180e' +
    '\u{e0061}' +
    '\u{e0100}' +
    '\u1161\u11a8\u0130\u0131\u017f\u212a\u1e9e\u00df\u00e9\ufb01\u2460\u2100\uff0f\uff0e\u2025' +
    './;\\?#% ',
)

const segment = fc.string({
  unit: fc.constantFrom(...Array.from('abehikmnsxAIKS019_~-')),
  minLength: 1,
  maxLength: 6,
})
const protectedPaths = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((segments) => `/${segments.join('/')}`)
const character = fc.oneof(
  fc.constantFrom(...CHANGING),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom(...Array.from('aeinsx/')),
)
const suffixes = fc.string({ unit: character, maxLength: 12 })

const forms: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toLowerCase(),
  (text) => text.toUpperCase(),
  ...(['NFC', 'NFD', 'NFKC', 'NFKD'] as const).flatMap((form) => [
    (text: string) => text.normalize(form),
    (text: string) => text.normalize(form).toLowerCase(),
  ]),
]

describe('a path that begins like a protected one', () => {
  it('is refused, whatever follows and however it is encoded', () => {
    const cases = fc.tuple(protectedPaths, suffixes, fc.func(fc.boolean()))
    fc.assert(
      fc.property(cases, ([own, suffix, isEncoded]) => {
        const path = `/${encoded(own.slice(1) + suffix, isEncoded)}`
        expect(isRefused(path, own)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused in every normalization form and letter case', () => {
    const spellings: Readonly<Record<string, string>> = {
      a: '\uff41',
      e: 'e\u0301',
      i: '\u0130',
      k: '\u212a',
      m: '\u{1d426}',
      n: '\u24dd',
      s: '\u017f',
      x: '\u2179',
    }
    const cases = fc.tuple(protectedPaths, fc.func(fc.boolean()), suffixes)
    fc.assert(
      fc.property(cases, ([own, isSpelled, suffix]) => {
        const letters = Array.from(
          own,
          (letter, i) => (isSpelled(i) && spellings[letter]) || letter,
        )
        const text = letters.join('') + suffix
        fc.pre(forms.some((form) => form(text).startsWith(own)))
        expect(isRefused(encoded(text), own)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused with characters in it that show nothing', () => {
    const dropped = fc.constantFrom(...CHANGING.slice(0, 24))
    const cases = fc.tuple(
      protectedPaths,
      fc.array(fc.tuple(fc.nat(30), dropped), { maxLength: 5 }),
    )
    fc.assert(
      fc.property(cases, ([own, inserted]) => {
        const letters = Array.from(own)
        for (const [at, letter] of inserted) letters.splice(1 + (at % own.length), 0, letter)
        expect(isRefused(encoded(letters.join('')), own)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['a dot above', '/api/inngest%CC%87'],
    ['an acute accent', '/api/inngest%CC%81'],
    ['a dot below', '/api/inngest%CC%A3'],
    ['a mark in front of a slash', '/api/inngest%CC%87/x'],
    ['a mark in another segment', '/api%CC%87/inngest'],
    ['a composed letter', '/api/%C3%ADnngest'],
    ['an enclosing circle', '/api/inngest%E2%83%9D'],
    ['a zero-width space', '/api/inng%E2%80%8Best'],
    ['a zero-width joiner behind it', '/api/inngest%E2%80%8D'],
    ['a word joiner at a slash', '/api/%E2%81%A0inngest'],
    ['a byte order mark', '/%EF%BB%BFapi/inngest'],
    ['a soft hyphen', '/api/inn%C2%ADgest'],
    ['a variation selector', '/api/inngest%EF%B8%8F'],
    ['a supplementary variation selector', '/api/inngest%F3%A0%84%80'],
    ['a tag', '/api/inngest%F3%A0%81%A1'],
    ['a filler', '/api/inngest%E3%85%A4'],
    ['a halfwidth filler', '/api/inngest%EF%BE%A0'],
    ['a medial jamo', '/api/inngest%E1%85%A1'],
    ['a halfwidth sound mark', '/api/inngest%EF%BE%9E'],
    ['a line separator', '/api/inn%E2%80%A8gest'],
    ['a next line character', '/api/inngest%C2%85'],
    ['an invisible segment', '/%E2%80%8B/api/inngest'],
    ['invisible dots', '/x/.%E2%80%8B./api/inngest'],
    ['two bytes for a letter', '/api/%C1%A9nngest'],
    ['three bytes for a letter', '/api/%E0%81%A9nngest'],
    ['four bytes for a letter', '/api/%F0%80%81%A9nngest'],
    ['six bytes for a letter', '/api/%FC%80%80%80%81%A9nngest'],
    ['three bytes for a slash', '/api%E0%80%AFinngest'],
    ['three bytes for a mark', '/api/inngest%E0%8C%87'],
    ['bytes that one decoder drops and another reads', '/api/inn%E0%81%A1gest'],
    ['surrogates in bytes of their own', '/api/%ED%A0%B5%ED%B0%A2nngest'],
    ['surrogates of `unescape`', '/api/%ud835%udc22nngest'],
  ])('is refused with %s', (_, path) => {
    expect(isRefused(path)).toBe(true)
  })

  it.each([
    ['a capital sharp s', '/%E1%BA%9E', '/ss'],
    ['a ligature', '/%EF%AC%81', '/fi'],
    ['a composed letter in it', '/adm%C3%ADn', '/admin'],
    ['a decomposed letter behind a shorter one', '/cafe%CC%81', '/cafe'],
    ['a composed letter where the shorter path ends', '/caf%C3%A9', '/cafe'],
    ['a space in it and letters behind it', '/ad%20min-x', '/admin'],
    ['a mark that makes another sign', '/a=%CC%B8', '/a='],
  ])('is refused with %s: %s beside %s', (_, path, own) => {
    expect(isRefused(path, own)).toBe(true)
  })
})

describe('a path with letters beyond ASCII', () => {
  it.each([
    '/caf%C3%A9',
    '/caf%C3%A9/api/x/inngestor',
    '/cafe%CC%81/x',
    '/%E6%97%A5%E6%9C%AC/%E8%AA%9E',
    '/%ED%95%9C%EA%B5%AD',
    '/%D7%A9%D6%B8%D7%9C%D7%95%D6%B9%D7%9D',
    '/%D9%85%DB%8C%E2%80%8C%D8%AE%D9%88%D8%A7%D9%87%D9%85',
    '/%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB/api/x/inngestor',
    '/%E2%9D%A4%EF%B8%8F',
    '/api/%C3%AFnterest',
    '/%E1%85%A1%E1%86%A8',
  ])('%s is not refused beside another', (path) => {
    expect(isRefused(path)).toBe(false)
  })

  it('is refused if it has more marks in a row than any text', () => {
    expect(isRefused(`/a${'%CC%81'.repeat(31)}`)).toBe(false)
    expect(isRefused(`/a${'%CC%81'.repeat(32)}`)).toBe(true)
    expect(isRefused(`/a${'%EF%BE%9E'.repeat(32)}`)).toBe(true)
  })
})

describe('a protected root', () => {
  it.each(['/x/..', '/x/%2e%2e', '/x/.%E2%80%8B.', '/x/...', '/./', '//', '/;x'])(
    'is what %s may come to',
    (path) => {
      expect(isRefused(path, '/')).toBe(true)
    },
  )

  it.each(['/x', '/x/y', '/caf%C3%A9', '/a//b'])('is not what %s comes to', (path) => {
    expect(isRefused(path, '/')).toBe(false)
  })
})

it.each(['/public/.%E2%80%8B./x', '/public/%E2%80%A5/x', '/public/.%CC%87./x'])(
  '%s may lead out of where it begins',
  (path) => {
    expect(mayClimb(path)).toBe(true)
  },
)

describe('a host in the target', () => {
  const name = 'int.example.com'

  it.each([
    '//int.example.com',
    '//int.example.com/x',
    '///int.example.com/x',
    '/\\int.example.com/x',
    '/%5cint.example.com/x',
    '/%2fint.example.com/x',
    '//INT.example.com./x',
    '//int.example.com:8443/x',
    '//user:word@int.example.com/x',
    '//int%2eexample.com/x',
    '//%EF%BD%89nt.example.com/x',
    '/.//int.example.com/x',
    '/x/..//int.example.com/x',
    '/;//int.example.com/x',
  ])('is read from %s', (path) => {
    expect(mayNameHost(path, name)).toBe(true)
  })

  it.each([
    '/int.example.com/x',
    '//other.example.com/x',
    '//xint.example.com/x',
    '//int.example.com.evil.example/x',
    '//assets/x.js',
    '/proxy/https://int.example.com/x',
    '/a//int.example.com',
    '/caf%C3%A9/int.example.com',
  ])('is not read from %s', (path) => {
    expect(mayNameHost(path, name)).toBe(false)
  })
})

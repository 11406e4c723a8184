/** The bytes of a call read as `JSON.parse` reads them, in whatever spelling and order. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { payloadRules, readPayload } from '../../gateway/inngest/payload-encryption.ts'
import { fuzz } from '../support/fuzz.ts'
import { isPayloadEncrypted } from '../support/payload-oracle.ts'

/** A document as its text is made of it: with members in order, and any name as often as it is there. */
type Document = string | number | boolean | null | readonly Document[] | Members
class Members {
  readonly entries: readonly (readonly [string, Document])[]
  constructor(entries: readonly (readonly [string, Document])[]) {
    this.entries = entries
  }
}

const options = {
  eventField: 'encrypted',
  strategies: ['own/kms'],
  plainSteps: ['fetch', 'signal'],
} as const
const rules = payloadRules(options)

const members = (...entries: readonly (readonly [string, Document])[]) => new Members(entries)

const sodiumText = fc
  .uint8Array({ minLength: 41, maxLength: 90 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
const saltedText = sodiumText.map((text) => `U2FsdGVkX1${text.slice(10)}`)
const anyText = fc.oneof(
  sodiumText,
  saltedText,
  fc.constantFrom('', 'c2hvcnQ=', 'a'.repeat(57), `${'a'.repeat(55)} `, `=${'a'.repeat(55)}`),
  sodiumText.map((text) => `${text.slice(0, -1)}"`),
  fc.string(),
)

const strategyName = fc.constantFrom('inngest/libsodium', 'inngest/aes', 'own/kms', 'other', '')
const encrypted = fc.oneof(
  sodiumText.map((text) =>
    members(['__ENCRYPTED__', true], ['__STRATEGY__', 'inngest/libsodium'], ['data', text]),
  ),
  saltedText.map((text) => members(['__ENCRYPTED__', true], ['data', text])),
  sodiumText.map((text) =>
    members(['data', text], ['__STRATEGY__', 'own/kms'], ['__ENCRYPTED__', true]),
  ),
)

const scalar = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
)

const names = fc.constantFrom(
  'data',
  'encrypted',
  'error',
  'input',
  'id',
  'name',
  'ts',
  'user',
  'v',
  'signal',
  'body',
  'headers',
  'status_code',
  'url',
  '__proto__',
  '__ENCRYPTED__',
  '__STRATEGY__',
  'steps',
  'event',
  'Data',
  'é',
)

/** What looks like an encrypted value, with something wrong in most. */
const nearlyEncrypted = fc
  .tuple(
    fc.constantFrom<Document>(true, true, true, false, null, 'true', 1),
    strategyName,
    anyText,
    fc.array(fc.tuple(names, scalar), { maxLength: 1 }),
  )
  .map(([marker, strategy, text, more]) =>
    members(['__ENCRYPTED__', marker], ['__STRATEGY__', strategy], ['data', text], ...more),
  )

const value: fc.Arbitrary<Document> = fc.oneof(
  { weight: 6, arbitrary: encrypted },
  { weight: 3, arbitrary: nearlyEncrypted },
  { weight: 1, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.tuple(names, scalar), { maxLength: 4 }).map((all) => members(...all)),
  },
)

const eventData = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom('encrypted', 'plain', 'Encrypted'), names), value), {
    maxLength: 3,
  })
  .map((all) => members(...all))

const event: fc.Arbitrary<Document> = fc.oneof(
  {
    weight: 8,
    arbitrary: eventData.map((data) =>
      members(['data', data], ['id', 'e'], ['name', 'shop/hello'], ['ts', 1], ['user', members()]),
    ),
  },
  { weight: 1, arbitrary: value },
)

const step: fc.Arbitrary<Document> = fc.oneof(
  { weight: 8, arbitrary: value.map((data) => members(['data', data])) },
  { weight: 2, arbitrary: event },
  { weight: 1, arbitrary: value },
  { weight: 1, arbitrary: value.map((error) => members(['error', error])) },
  { weight: 1, arbitrary: fc.constant(members(['data', members(['data', 1], ['signal', 's'])])) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.tuple(names, scalar), { maxLength: 3 })
      .map((all) => members(['data', members(['body', ''], ['status_code', 200], ...all)])),
  },
)

const call = fc
  .tuple(
    event,
    fc.array(event, { maxLength: 2 }),
    fc.boolean(),
    fc.array(fc.tuple(fc.string(), step), { maxLength: 3 }),
    fc.boolean(),
    fc.array(fc.tuple(fc.oneof(names, fc.string()), fc.oneof(value, step)), { maxLength: 2 }),
  )
  .chain(([first, events, isTwice, steps, useApi, more]) =>
    fc.shuffledSubarray(
      [
        ['ctx', members(['run_id', 'r'], ['use_api', useApi])] as const,
        ['event', first] as const,
        ['events', isTwice ? [first, ...events] : events] as const,
        ['steps', members(...steps)] as const,
        ['use_api', useApi] as const,
        ...more,
      ],
      { minLength: 5 },
    ),
  )
  .map((entries) => members(...entries))

/** @param draw makes the spelling: white space, and escapes in names. */
function write(document: Document, draw: () => number): string {
  const blank = () => (draw() < 0.2 ? ' \n\t\r'.charAt(draw() * 4) : '')
  const list = (parts: readonly string[], open: string, close: string) =>
    open + parts.map((part) => blank() + part + blank()).join(',') + blank() + close
  const written = (part: Document): string => {
    if (part instanceof Members) {
      const all = part.entries.map(
        ([name, member]) => writeName(name, draw) + blank() + `:${blank()}` + written(member),
      )
      return list(all, '{', '}')
    }
    return Array.isArray(part)
      ? list(
          part.map((each: Document) => written(each)),
          '[',
          ']',
        )
      : JSON.stringify(part)
  }
  return blank() + written(document) + blank()
}

function writeName(name: string, draw: () => number): string {
  const text = JSON.stringify(name)
  if (text.includes('\\')) return text
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  const units = text.slice(1, -1).split('')
  return `"${units.map((unit) => (draw() < 0.1 ? escape(unit) : unit)).join('')}"`
}

const asItStands = () => 1

/** A small generator of its own (mulberry32), so that a text follows from one number. */
function drawsFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function hasTwice(document: Document): boolean {
  if (document instanceof Members) {
    const keys = document.entries.map(([key]) => key)
    return new Set(keys).size < keys.length || document.entries.some(([, each]) => hasTwice(each))
  }
  return Array.isArray(document) && document.some((each: Document) => hasTwice(each))
}

/** As a parser reads it that takes the first, or the last, of two members of one name. */
function keepOne(document: Document, keeps: 'first' | 'last'): Document {
  if (document instanceof Members) {
    const entries = keeps === 'first' ? document.entries.toReversed() : document.entries
    const kept = new Map(entries)
    return members(...[...kept].map(([name, each]) => [name, keepOne(each, keeps)] as const))
  }
  return Array.isArray(document) ? document.map((each: Document) => keepOne(each, keeps)) : document
}

const isAdmitted = (text: string) =>
  ['encrypted', 'use_api'].includes(readPayload(Buffer.from(text), rules))

const seeds = fc.tuple(fc.integer(), fc.boolean())

describe('the encryption of a call', () => {
  it('is read as JSON.parse reads the document', () => {
    fc.assert(
      fc.property(call, seeds, (document, [seed, isSpelledFreely]) => {
        fc.pre(!hasTwice(document))
        const text = write(document, isSpelledFreely ? drawsFrom(seed) : asItStands)
        expect(isAdmitted(text)).toBe(isPayloadEncrypted(text, options))
      }),
      fuzz(),
    )
  })

  it('is never taken for complete whichever of two members of one name is read', () => {
    fc.assert(
      fc.property(call, seeds, (document, [seed, isSpelledFreely]) => {
        const text = write(document, isSpelledFreely ? drawsFrom(seed) : asItStands)
        if (!isAdmitted(text)) return
        for (const keeps of ['first', 'last'] as const) {
          const read = write(keepOne(document, keeps), asItStands)
          expect(isPayloadEncrypted(read, options)).toBe(true)
        }
      }),
      fuzz(),
    )
  })

  it('never throws, and ends, for any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(call, fc.nat()).map(([document, cut]) => {
        const text = write(document, asItStands)
        return Buffer.from(text.slice(0, cut % (text.length + 1)))
      }),
      fc.json().map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(bytes, (body) => {
        const reading = readPayload(body, rules)
        if (reading !== 'encrypted' && reading !== 'use_api') return
        expect(isPayloadEncrypted(Buffer.from(body).toString(), options)).toBe(true)
      }),
      fuzz(),
    )
  })
})

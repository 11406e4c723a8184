import { describe, expect, it } from 'vitest'

import {
  payloadRules,
  readPayload,
  type PlainStep,
} from '../../../gateway/inngest/payload-encryption.ts'
import { isPayloadEncrypted } from '../../support/payload-oracle.ts'
import { recordedRequests } from '../../support/recorded.ts'

const text = Buffer.alloc(41, 7).toString('base64')
const salted = Buffer.concat([Buffer.from('Salted__'), Buffer.alloc(24, 9)]).toString('base64')
const encrypted = `{"__ENCRYPTED__":true,"__STRATEGY__":"inngest/libsodium","data":"${text}"}`

interface Change {
  readonly event?: string
  readonly events?: string
  readonly steps?: string
  readonly more?: string
  readonly plainSteps?: readonly PlainStep[]
  readonly strategies?: readonly string[]
}

function read({
  event = '{"data":{},"name":"a"}',
  events = '[{"data":{},"name":"a"}]',
  steps = '{}',
  more = '',
  plainSteps = [],
  strategies = [],
}: Change) {
  const body = `{"ctx":{"use_api":false},"event":${event},"events":${events},"steps":${steps}${more}}`
  const rules = payloadRules({ eventField: 'encrypted', strategies, plainSteps })
  return readPayload(Buffer.from(body), rules)
}

const ofStep = (step: string, change: Change = {}) => read({ steps: `{"a":${step}}`, ...change })
const ofField = (value: string) => read({ event: `{"data":{"encrypted":${value}}}` })

describe('a value', () => {
  it.each([
    ['of libsodium', encrypted],
    ['of AES', `{"__ENCRYPTED__":true,"__STRATEGY__":"inngest/aes","data":"${salted}"}`],
    ['of version 0, which names no strategy', `{"__ENCRYPTED__":true,"data":"${salted}"}`],
    [
      'in another order',
      `{"data":"${text}","__STRATEGY__":"inngest/libsodium","__ENCRYPTED__":true}`,
    ],
    ['with escapes in names', encrypted.replace('data', String.raw`d\u0061t\u0061`)],
    ['with white space', encrypted.replaceAll(',', ' ,\n').replaceAll(':', ' : ')],
  ])('counts as encrypted %s', (_, value) => {
    expect([ofField(value), ofStep(`{"data":${value}}`)]).toEqual(['encrypted', 'encrypted'])
  })

  it.each([
    ['with another member', encrypted.replace('}', ',"plain":"secret"}')],
    ['with a member twice', encrypted.replace('}', `,"data":"${text}"}`)],
    ['with a marker that is not true', encrypted.replace('true', '"true"')],
    ['without a marker', encrypted.replace('"__ENCRYPTED__":true,', '')],
    ['with a text that is not base64', encrypted.replace(text, `${text.slice(0, -4)}a b=`)],
    ['with an escape in its text', encrypted.replace(text, text.replace('B', String.raw`\u0042`))],
    ['that is too short for a nonce and a MAC', encrypted.replace(text, 'c2VjcmV0')],
    ['without a salt', `{"__ENCRYPTED__":true,"data":"${text}"}`],
    [
      'of AES with a text that is not base64',
      `{"__ENCRYPTED__":true,"data":"${salted.slice(0, -4)}a b="}`,
    ],
    ['whose data is an object', encrypted.replace(`"${text}"`, '{"plain":"secret"}')],
    ['of a strategy that is not configured', encrypted.replace('inngest/libsodium', 'own')],
    ['in an array', `[${encrypted}]`],
    ['as text', JSON.stringify(encrypted)],
  ])('counts as plain %s', (_, value) => {
    expect([ofField(value), ofStep(`{"data":${value}}`)]).toEqual(['plain_event', 'plain_step'])
  })

  it('may be any text of one word from a configured strategy', () => {
    const value = (data: string) =>
      `{"data":{"__ENCRYPTED__":true,"__STRATEGY__":"own/kms","data":"${data}"}}`
    const strategies = ['own/kms']
    expect(ofStep(value('s3://bucket/key'), { strategies })).toBe('encrypted')
    expect(ofStep(value('two words'), { strategies })).toBe('plain_step')
    expect(ofStep(value(''), { strategies })).toBe('plain_step')
  })
})

describe('an event', () => {
  it.each([
    ['without the field', '{"data":{"order":7}}'],
    ['without data', '{"name":"a"}'],
    ['with the field null', '{"data":{"encrypted":null}}'],
    ['with the field further inside', '{"data":{"event":{"encrypted":"secret"}}}'],
    ['of Inngest itself', '{"data":{"_inngest":{"fn_id":"a"},"error":{"message":"b"}}}'],
  ])('passes %s', (_, event) => {
    expect(read({ event, events: `[${event}]` })).toBe('encrypted')
  })

  it.each([
    ['second of a batch', { events: `[{"data":{}},{"data":{"encrypted":"secret"}}]` }],
    ['with an escape in the name', { event: String.raw`{"data":{"encr\u0079pted":"secret"}}` }],
    ['with data twice', { event: '{"data":{"encrypted":1},"data":{}}' }],
    ['with data twice, the other way', { event: '{"data":{},"data":{"encrypted":1}}' }],
  ])('counts as plain: %s', (_, change) => {
    expect(read(change)).toBe('plain_event')
  })

  it('is refused with a member that would become the prototype of the data', () => {
    const event = '{"data":{"__proto__":{"encrypted":"secret"}}}'
    expect(read({ event })).toBe('unreadable')
  })
})

describe('what a step left', () => {
  const wait = (data: string) => `{"data":${data},"id":"e","name":"paid","ts":1,"user":{}}`
  it.each([
    ['null', 'null'],
    ['the result null', '{"data":null}'],
    ['an error', '{"error":{"message":"no luck","name":"Error"}}'],
    ['an input that was edited', '{"input":["changed"]}'],
    ['the event of a wait', wait('{"order":7}')],
    ['the event of a wait with its field encrypted', wait(`{"encrypted":${encrypted}}`)],
  ])('passes if it is %s', (_, step) => {
    expect(ofStep(step)).toBe('encrypted')
  })

  it.each([
    ['a result', '{"data":{"secret":1}}'],
    ['a result without a wrapping', '{"secret":1}'],
    ['a text', '"secret"'],
    ['a result beside an error', '{"data":"secret","error":{}}'],
    ['the second of two results', `{"data":${encrypted},"data":"secret"}`],
    ['the first of two results', `{"data":"secret","data":${encrypted}}`],
    ['the event of a wait with its field in plain', wait('{"encrypted":"secret"}')],
    ['a result that looks like an event', '{"data":{"data":{},"id":"e","name":"a","ts":1}}'],
    ['the answer of an AI provider', '{"data":{"choices":[],"id":"x","model":"m"}}'],
  ])('counts as plain if it is %s', (_, step) => {
    expect(ofStep(step)).toBe('plain_step')
  })

  const fetched = '{"data":{"body":"b","headers":{},"status_code":200,"url":"https://a.example"}}'
  const signal = '{"data":{"data":{"ok":true},"signal":"s"}}'
  it.each([
    ['fetch', fetched, signal],
    ['signal', signal, fetched],
  ] as const)('passes in plain as %s only if that is configured', (kind, own, other) => {
    expect(ofStep(own)).toBe('plain_step')
    expect(ofStep(own, { plainSteps: [kind] })).toBe('encrypted')
    expect(ofStep(other, { plainSteps: [kind] })).toBe('plain_step')
    expect(ofStep(own.replace('{"data":{', '{"data":{"more":1,'), { plainSteps: [kind] })).toBe(
      'plain_step',
    )
  })
})

describe('a body', () => {
  it('is not checked as a whole if the app fetches steps and events', () => {
    expect(read({ events: '[]', more: ',"use_api":true' })).toBe('use_api')
    expect(ofStep('{"data":1}', { more: ',"use_api":true' })).toBe('plain_step')
  })

  it.each([
    ['steps', { more: ',"steps":{"a":{"data":"secret"}}' }, 'plain_step'],
    ['steps with an escape', { more: String.raw`,"st\u0065ps":{"a":{"data":1}}` }, 'plain_step'],
    ['event', { more: ',"event":{"data":{"encrypted":1}}' }, 'plain_event'],
    ['events', { more: ',"events":[{"data":{"encrypted":1}}]' }, 'plain_event'],
  ])('is read in both members named %s', (_, change, reading) => {
    expect(read(change)).toBe(reading)
  })

  it.each([
    ['steps that are a list', { steps: '[{"data":"secret"}]' }],
    ['events that are an object', { events: '{"0":{"data":{"encrypted":1}}}' }],
    ['an event that is a text', { event: '"secret"' }],
    ['a byte of no JSON', { event: "{'data':{}}" }],
    ['an end that is missing', { more: ',"more":"' }],
    ['something behind its end', { more: '}{' }],
    ['100,001 members', { event: `{"data":{${'"a":1,'.repeat(100_001)}"b":1}}` }],
  ])('is unreadable with %s', (_, change) => {
    expect(read(change)).toBe('unreadable')
  })

  it('is read however deep it nests', () => {
    const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000)
    expect(read({ event: `{"data":{"deep":${deep}}}` })).toBe('encrypted')
    expect(ofStep(`{"data":${deep}}`)).toBe('plain_step')
  })
})

it('finds results in plain in recorded calls exactly where JSON.parse finds them', () => {
  const options = { eventField: 'encrypted', strategies: [], plainSteps: [] }
  const rules = payloadRules(options)
  const calls = recordedRequests.filter(({ body }) => body.startsWith('{"ctx":'))
  const readings = calls.map(({ body }) => readPayload(Buffer.from(body), rules))
  expect(readings.map((reading) => reading === 'encrypted')).toEqual(
    calls.map(({ body }) => isPayloadEncrypted(body, options)),
  )
  expect(new Set(readings)).toEqual(new Set(['encrypted', 'plain_step']))
})

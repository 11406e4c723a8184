/** What passes, what fails, and what shows nothing either way. */
import { describe, expect, it } from 'vitest'

import { parseAppAddress } from '../../../conformance/app-address.ts'
import type { Expectation } from '../../../conformance/case.ts'
import { judge } from '../../../conformance/judge.ts'
import { readAnswer, readReply, type Reading } from '../../../conformance/reading.ts'

const own = (error: string, more = {}) => JSON.stringify({ error, ...more, requestId: 'a' })
const json = { 'content-type': 'application/json', 'cache-control': 'no-store' }

describe('an answer', () => {
  it.each<[string, number, Record<string, string>, string, Reading['is']]>([
    ["the gateway's refusal", 401, json, own('Unauthorized'), 'refused'],
    ['that while it is busy', 503, json, own('Service Unavailable'), 'undecided'],
    ['that to too many', 429, json, own('Too Many Requests'), 'undecided'],
    ['its fault for the app', 502, json, own('Bad Gateway', { message: 'a' }), 'failed'],
    [
      'its fault for its store',
      503,
      json,
      own('Service Unavailable', { message: 'a' }),
      'undecided',
    ],
    ['a refusal of another status', 401, json, own('Forbidden'), 'stranger'],
    ['a refusal with more in it', 401, json, own('Unauthorized', { code: 1 }), 'stranger'],
    ['a refusal of no id', 401, json, '{"error":"Unauthorized"}', 'stranger'],
    ['a refusal in HTML', 401, { 'content-type': 'text/html' }, own('Unauthorized'), 'stranger'],
    ['what an SDK answers', 401, { 'x-inngest-sdk-handled': 'true' }, '{}', 'admitted'],
    [
      "an SDK's copy of it",
      401,
      { ...json, 'x-inngest-sdk': 'js' },
      own('Unauthorized'),
      'admitted',
    ],
    ['an app without an SDK', 500, {}, 'oops', 'admitted'],
    ['a proxy', 403, { server: 'nginx' }, '<html>', 'stranger'],
    ['a proxy that does not know an encoding', 501, { server: 'nginx' }, '<html>', 'stranger'],
    ['a proxy without its upstream', 502, { server: 'nginx' }, '<html>', 'stranger'],
    ['null', 401, json, 'null', 'stranger'],
  ])('%s is told apart', (_, status, fields, body, is) => {
    const answer = { status, fields: new Map(Object.entries(fields)), body }
    expect(readAnswer(answer, 'POST').is).toBe(is)
  })

  const sdk = { 'x-inngest-sdk': 'js' }
  const envelope = (status: unknown) => JSON.stringify({ status, body: '{}', headers: {} })

  it.each<[string, Record<string, string>, string, string, Pick<Reading, 'is' | 'status'>]>([
    ['a refusal inside', sdk, 'POST', envelope(401), { is: 'admitted', status: 401 }],
    ['heartbeats before it', sdk, 'POST', `  \n ${envelope(401)}`, { is: 'admitted', status: 401 }],
    ['a success inside', sdk, 'POST', envelope(206), { is: 'admitted', status: 206 }],
    ['no body', sdk, 'POST', '', { is: 'admitted', status: 0 }],
    ['only heartbeats', sdk, 'POST', '   ', { is: 'admitted', status: 0 }],
    ['half an object', sdk, 'POST', envelope(401).slice(0, -1), { is: 'admitted', status: 0 }],
    ['two objects', sdk, 'POST', envelope(200).repeat(2), { is: 'admitted', status: 0 }],
    ['no JSON', sdk, 'POST', '<html>', { is: 'admitted', status: 0 }],
    ['null', sdk, 'POST', 'null', { is: 'admitted', status: 0 }],
    ['a list', sdk, 'POST', '[{"status":200}]', { is: 'admitted', status: 0 }],
    ['no status', sdk, 'POST', '{"body":"{}"}', { is: 'admitted', status: 0 }],
    ['a status in quotes', sdk, 'POST', envelope('200'), { is: 'admitted', status: 0 }],
    ['a status that is none', sdk, 'POST', envelope(20), { is: 'admitted', status: 0 }],
    ['a fraction', sdk, 'POST', envelope(200.5), { is: 'admitted', status: 0 }],
    ['no SDK, a refusal inside', {}, 'POST', envelope(401), { is: 'admitted', status: 401 }],
    ['no SDK, other JSON', {}, 'POST', '{"id":1}', { is: 'admitted', status: 201 }],
    ['a sync, which is not streamed', sdk, 'PUT', '{"ok":true}', { is: 'admitted', status: 201 }],
  ])('reads a 201 with %s', (_, fields, method, body, expected) => {
    const answer = { status: 201, fields: new Map(Object.entries(fields)), body }
    expect(readAnswer(answer, method)).toMatchObject(expected)
  })

  it('names the status inside a stream, and what the stream lacks', () => {
    const answer = { status: 201, fields: new Map(Object.entries(sdk)), body: envelope(401) }
    expect(readAnswer(answer, 'POST').text).toBe('app responded with 401 inside a streamed 201')
    expect(readAnswer({ ...answer, body: ' ' }, 'POST').text).toBe(
      'app responded with 201, but the streamed response never came',
    )
  })

  it('is recognized by its headers for a HEAD', () => {
    const answer = { status: 405, fields: new Map(Object.entries(json)), body: '' }
    expect(readAnswer(answer, 'HEAD').is).toBe('refused')
    expect(readAnswer({ ...answer, fields: new Map() }, 'HEAD').is).toBe('stranger')
  })

  it('is none if it never came', () => {
    expect(readReply({ kind: 'silence', why: 'time' }, 'POST').is).toBe('unanswered')
    expect(readReply({ kind: 'unreachable', code: 'X' }, 'POST').is).toBe('unanswered')
  })
})

const read = (is: Reading['is'], status = 0) => ({ is, status, text: is, label: 'a' })
const refused: Expectation = { kind: 'refused', statuses: [401] }
const refusable: Expectation = { ...refused, inFront: 'refuses' }
const reportable: Expectation = { ...refused, reportedBy: 'checks.callIds' }
const mendable: Expectation = { ...refused, inFront: 'mends' }
const admitted: Expectation = { kind: 'admitted', unless: { status: 405, why: 'off' } }
const answered: Expectation = { kind: 'admitted', needsSuccess: true }
const spent: Expectation = { kind: 'spent' }
const once: Expectation = { kind: 'once' }
const app = read('admitted', 500)
const used = read('refused', 409)

describe('a judgement', () => {
  it.each<[string, Expectation, ReturnType<typeof read>[], string]>([
    ['as refused', refused, [read('refused', 401)], 'passed'],
    ['refused for another reason', refused, [read('refused', 400)], 'failed'],
    ['refused for another reason, mendable', mendable, [read('refused', 400)], 'not tested'],
    ['refused for another reason, refusable', refusable, [read('refused', 400)], 'failed'],
    ['by a stranger', refused, [read('stranger', 401)], 'failed'],
    ['by a stranger, refusable', refusable, [read('stranger', 401)], 'not tested'],
    ['by a stranger, mendable', mendable, [read('stranger', 401)], 'not tested'],
    ['by the app', mendable, [app], 'failed'],
    ['let through to an app that is down', mendable, [read('failed', 502)], 'failed'],
    ['by the app, reportable', reportable, [app], 'not tested'],
    [
      'let through to an app that is down, reportable',
      reportable,
      [read('failed', 502)],
      'not tested',
    ],
    ['as refused, reportable', reportable, [read('refused', 401)], 'passed'],
    ['refused for another reason, reportable', reportable, [read('refused', 400)], 'failed'],
    ['by nobody', refused, [read('unanswered')], 'failed'],
    ['by nobody, mendable', mendable, [read('unanswered')], 'not tested'],
    ['by a busy gateway', refused, [read('undecided', 503)], 'not tested'],
    [
      'one of three by the app',
      refused,
      [read('refused', 401), app, read('refused', 401)],
      'failed',
    ],
    ['of nothing', refused, [], 'not tested'],
    ['as admitted', admitted, [app], 'passed'],
    ['admitted, and refused by the SDK', admitted, [read('admitted', 401)], 'failed'],
    ['admitted, and forbidden by the app', admitted, [read('admitted', 403)], 'failed'],
    ['admitted, with a stream that holds no response', admitted, [read('admitted', 0)], 'failed'],
    ['admitted, with an error of the app', admitted, [app], 'passed'],
    ['admitted, with an error in place of a success', answered, [app], 'failed'],
    ['admitted, with the success that is needed', answered, [read('admitted', 200)], 'passed'],
    ['not admitted', admitted, [read('refused', 401)], 'failed'],
    ['not admitted as the operator chose', admitted, [read('refused', 405)], 'not tested'],
    ['not admitted by a busy gateway', admitted, [read('undecided', 503)], 'not tested'],
    ['admitted to an app that is down', admitted, [read('failed', 502)], 'failed'],
    ['spent', spent, [app, used, used], 'passed'],
    ['spent by an app that is down', spent, [read('failed', 502), used], 'passed'],
    ['spent for a sync', { ...spent, statuses: [403] }, [app, read('refused', 403)], 'passed'],
    ['used twice', spent, [app, used, app], 'failed'],
    ['used by nobody first', spent, [used, used], 'not tested'],
    ['not used again for another reason', spent, [app, read('refused', 401)], 'failed'],
    ['used once', once, [used, app, used], 'passed'],
    ['used twice at once', once, [app, app, used], 'failed'],
    ['used by nobody', once, [used, used], 'not tested'],
    ['used once, the others for other reasons', once, [app, read('refused', 401)], 'failed'],
    ['used once, another put off', once, [app, used, read('undecided', 503)], 'not tested'],
  ])('judges what came back: %s', (_, expects, readings, outcome) => {
    expect(judge(expects, readings).outcome).toBe(outcome)
  })

  it('names those that failed, three of them', () => {
    const readings = ['a', 'b', 'c', 'd'].map((label) => ({ ...app, label }))
    const { detail } = judge(refused, [...readings, read('refused', 401)])
    expect(detail).toBe('a: admitted; b: admitted; c: admitted; and 1 more')
  })
})

describe('an address of the app', () => {
  it.each([
    ['app:3000', { host: 'app', port: 3000 }],
    ['10.0.0.1:65535', { host: '10.0.0.1', port: 65535 }],
    ['[2001:db8::1]:80', { host: '2001:db8::1', port: 80 }],
    ['2001:db8::1:80', undefined],
    ['app:0', undefined],
    ['app:65536', undefined],
    ['app', undefined],
    ['http://app:80', undefined],
    ['a@app:80', undefined],
  ])('%s', (text, address) => {
    expect(parseAppAddress(text)).toEqual(address)
  })
})

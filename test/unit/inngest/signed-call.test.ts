import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Body } from '../../../gateway/inngest/body.ts'
import { canonicalizeJson } from '../../../gateway/inngest/jcs/canonical-json.ts'
import { readCanonicalCall, readUsualCall } from '../../../gateway/inngest/signed-call.ts'
import { recordedRequests } from '../../support/recorded.ts'

const usual =
  '{"ctx":{"env":"","fn_id":"f","generation_id":2,"job_id":"j","qi_id":"q","request_id":"i",' +
  '"run_id":"r","stack":{"current":1,"stack":["a"]},"use_api":false},"event":{},"version":2}'

const read = {
  runId: 'r',
  requestId: 'i',
  jobId: 'j',
  functionId: 'f',
  queueItemId: 'q',
  generationId: '2',
  version: '2',
}

const manyMembers = Array.from({ length: 1000 }, (_, i) => `"a${String(i)}":0`).join()

/** In one piece for each byte. */
const inBytes = (bytes: Buffer) => new Body(Array.from(bytes, (byte) => Buffer.of(byte)))

function canonical(text: string) {
  return canonicalizeJson(Buffer.from(text)) ?? new Uint8Array()
}

/** Longer than what is searched byte by byte. */
const long = 'x'.repeat(300)
const backslashes = '\\\\'

describe('readUsualCall', () => {
  it('reads the ids of the usual body, however it is cut in pieces', () => {
    const bytes = Buffer.from(usual)
    expect(readUsualCall(Body.of(bytes))).toEqual(read)
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const body = new Body([bytes.subarray(0, cut), bytes.subarray(cut)])
      expect(readUsualCall(body)).toEqual(read)
    }
  })

  it('reads every recorded call as the strict reading does', () => {
    const calls = recordedRequests.filter(({ method }) => method === 'POST')
    expect(calls.length).toBeGreaterThan(50)
    for (const { body } of calls) {
      const call = readUsualCall(Body.of(Buffer.from(body)))
      expect(call).toBeDefined()
      expect(call).toEqual(readCanonicalCall(canonical(body)))
    }
  })

  it.each([
    ['a second ctx', usual.replace('"event":{}', '"event":{},"ctx":{}')],
    ['a second ctx behind a blank', usual.replace('"event":{}', '"event":{}, "ctx" :{}')],
    ['a name in escapes', usual.replace('"event":{}', '"\\u0063tx":{}')],
    ['an id twice', usual.replace('"use_api":false', '"run_id":"s"')],
    ['a nested member', usual.replace('"env":""', '"env":{}')],
    ['white space', ` ${usual}`],
    ['a member behind the version', usual.replace('"version":2', '"version":2,"z":1')],
    ['no end', usual.slice(0, 60)],
    ['a second version', usual.replace('"version":2', '"version":1,"version":2')],
    [
      'an id twice behind the stack',
      usual.replace('"use_api":false', '"use_api":false,"job_id":"k"'),
    ],
    ['an id twice in escapes', usual.replace('"use_api":false', '"run\\u005fid":"s"')],
    ['an id in another case', usual.replace('"use_api":false', '"RUN_ID":"s"')],
    ['an id in another case in front', usual.replace('"env":""', '"RUN_ID":"s"')],
    ['a ctx in another case', usual.replace('"event":{}', '"Ctx":{}')],
    ['a version in another case', usual.replace('"event":{}', '"VERSION":1')],
    ['a version with a long s', usual.replace('"event":{}', '"ver\u017fion":1')],
    ['a version with a long s in escapes', usual.replace('"event":{}', '"ver\\u017fion":1')],
    ['an id with a long s', usual.replace('"use_api":false', '"reque\u017ft_id":"s"')],
    ['an escape that JSON has not', usual.replace('"event":{}', '"c\\tx":{},"\\ctx":{}')],
    ['an id that is not ASCII', usual.replace('"r"', '"\u00e9"')],
    ['a number with a zero in front', usual.replace('"generation_id":2', '"generation_id":02')],
    ['more after the object', `${usual}${usual}`],
    ['its version in a second object', '{"ctx":{"run_id":"r"}}{"a":1,"version":2}'],
    ['a second ctx behind a long text', usual.replace('{}', `"${long}","ctx":{"a":""}`)],
    [
      'a second ctx behind a long text and backslashes',
      usual.replace('{}', `"${long}${backslashes}","ctx":{"a":""}`),
    ],
    ['a comment', usual.replace('"event":{}', '"event":{/*"*/},"ctx":{},"a":{/*"*/}')],
    [
      'too many members to look at',
      usual.replace('"event":{}', `${manyMembers},"event":{"ctx":0}`),
    ],
  ])('leaves a body with %s to the strict reading, in one piece or two', (_, text) => {
    const bytes = Buffer.from(text)
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const body = new Body([bytes.subarray(0, cut), bytes.subarray(cut)])
      expect(readUsualCall(body)).toBeUndefined()
    }
    expect(readUsualCall(inBytes(bytes))).toBeUndefined()
  })

  const depth = 300
  it.each([
    ['a ctx', '{"tc":{"ctx":{"run_id":"x"}},"s":"\\u001b"}'],
    [
      'a ctx that is not the first member',
      '{"a":1,"ctx":{"run_id":"x"},"Ctx":1,"version":3,"VERSION":3}',
    ],
    [
      'JSON in text',
      String.raw`{"a":"{\"n\":\"caf\\u00e9\",\"ctx\":{\"run_id\":\"x\"},\"version\":3}"}`,
    ],
    [
      'long text that ends in backslashes',
      `{"a":"${long}${backslashes}","b":"${long}${backslashes}\\""}`,
    ],
    ['text that ends in backslashes', String.raw`{"a":"\\","b":"\\\\","c":"\\\""}`],
    ['an escaped name', String.raw`{"\u0063tx":{"run_id":"x"}}`],
    ['deep nesting', `${'{"a":['.repeat(depth)}"\\u00e9"${']}'.repeat(depth)}`],
    ['many members of the body', `0,${manyMembers}`],
  ])('takes what an event has in it for what it is: %s', (_, event) => {
    const bytes = Buffer.from(usual.replace('"event":{}', `"event":${event}`))
    expect(JSON.parse(bytes.toString())).toHaveProperty('event')
    expect(readUsualCall(Body.of(bytes))).toEqual(read)
    for (let cut = 1; cut < Math.min(bytes.length, 600); cut += 1) {
      const body = new Body([bytes.subarray(0, cut), Buffer.of(), bytes.subarray(cut)])
      expect(readUsualCall(body)).toEqual(read)
    }
    expect(readUsualCall(inBytes(bytes))).toEqual(read)
  })

  it.each([0, 1, 1500, 1600, 10_000, 50_000])('reads a call of a run with %i steps', (steps) => {
    const ids = Array.from({ length: steps }, (_, i) => `"${String(i).padStart(40, 'a')}"`)
    const bytes = Buffer.from(usual.replace('["a"]', `[${ids.join()}]`))
    expect(readUsualCall(Body.of(bytes))).toEqual(read)
    expect(readCanonicalCall(canonical(bytes.toString()))).toEqual(read)
  })

  it('reads bodies in any pieces alike', () => {
    const text = usual.replace(
      '"event":{}',
      String.raw`"event":{"a":"\\\" }","ctx":[{}]},"événements":"\\"`,
    )
    const bytes = Buffer.from(text)
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 6 })
    fc.assert(
      fc.property(cuts, (at) => {
        const ends = [...at, bytes.length].sort((a, b) => a - b)
        const pieces = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
        expect(readUsualCall(new Body(pieces))).toEqual(read)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['backslashes', `"${'\\\\'.repeat(2_000_000)}"`],
    ['escaped quotes', `"${'\\"'.repeat(2_000_000)}"`],
    ['brackets', `${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}`],
    ['names', `{${'"ctx":0,'.repeat(500_000)}"ctx":0}`],
    ['names of the body', `0,${'"vers":0,'.repeat(400_000)}"a":0`],
    ['a long name', `0,"${'x'.repeat(4_000_000)}":0`],
    ['blanks', `0,"a"${' '.repeat(4_000_000)}:0`],
  ])('takes no longer for %s than their length', (_, event) => {
    const bytes = Buffer.from(usual.replace('"event":{}', `"event":${event}`))
    const pieces = Array.from({ length: Math.ceil(bytes.length / 999) }, (_piece, i) =>
      bytes.subarray(999 * i, 999 * i + 999),
    )
    const before = process.threadCpuUsage()
    readUsualCall(Body.of(bytes))
    readUsualCall(new Body(pieces))
    const { user, system } = process.threadCpuUsage(before)
    // Microseconds: twenty thousand each are usual, and the square would be hours.
    expect(user + system).toBeLessThan(2_000_000)
  })

  const noise = fc.constantFrom(
    ...[
      '"ctx":{"run_id":"x"},',
      '"Ctx":{},',
      String.raw`"\u0063tx":{},`,
      '"version":1,',
      '"VERſION":1,',
      '"run_id":"x",',
      '"RUN_ID":"x",',
      '"env":"é",',
      String.raw`"a":"\\",`,
      String.raw`"a":"\"",`,
      '"a":[{"ctx":{}}],',
      '"a":1.0,',
      ' ',
      '{',
      '}',
      ']',
      '"',
      '\\',
      ',',
      '/',
    ],
  )

  it('reads the ids that the strict reading reads, of every body that both read', () => {
    let read = 0
    const places = fc.array(fc.tuple(fc.nat(usual.length), noise), { maxLength: 3 })
    fc.assert(
      fc.property(places, (inserted) => {
        let text = usual
        for (const [at, part] of inserted) text = text.slice(0, at) + part + text.slice(at)
        const call = readUsualCall(Body.of(Buffer.from(text)))
        const strict = canonicalizeJson(Buffer.from(text))
        if (call === undefined || strict === undefined) return
        read += 1
        expect(call).toEqual(readCanonicalCall(strict))
      }),
      { numRuns: 20_000 },
    )
    expect(read).toBeGreaterThan(100)
  })
})

describe('readCanonicalCall', () => {
  it.each([
    ['a member before ctx', usual.replace('{"ctx"', '{"a":["}",{"b":"\\""}],"ctx"'), read],
    ['nested members', usual.replace('"env":""', '"env":{"run_id":["x"]}'), read],
    ['an id of another type', usual.replace('"r"', '1'), { ...read, runId: undefined }],
    ['no ctx', '{"a":1}', undefined],
    ['a ctx that is no object', '{"ctx":1}', undefined],
    ['a list', '[]', undefined],
    ['a ctx in another case', usual.replace('"event"', '"CTX":{},"event"'), undefined],
    ['only a ctx in another case', usual.replace('"ctx"', '"Ctx"'), undefined],
    ['a version in another case', usual.replace('"version"', '"Version"'), undefined],
    [
      'a version with a long s',
      usual.replace('"version"', '"ver\u017fion":1,"version"'),
      undefined,
    ],
    ['an id in another case', usual.replace('"use_api"', '"JOB_ID"'), undefined],
    ['an id with a long s', usual.replace('"use_api"', '"reque\u017ft_id"'), undefined],
    ['such names in its event', usual.replace('{}', '{"CTX":{"RUN_ID":1},"Version":1}'), read],
    ['such names as text', usual.replace('"env":""', '"env":"RUN_ID","z":"JOB_ID"'), read],
    ['too many members', usual.replace('{}', `{},${manyMembers}`), undefined],
  ])('reads a body with %s', (_, text, call) => {
    expect(readCanonicalCall(canonical(text))).toEqual(call)
  })
})

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

function canonical(text: string) {
  return canonicalizeJson(Buffer.from(text)) ?? new Uint8Array()
}

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
  ])('leaves a body with %s to the strict reading, in one piece or two', (_, text) => {
    const bytes = Buffer.from(text)
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const body = new Body([bytes.subarray(0, cut), bytes.subarray(cut)])
      expect(readUsualCall(body)).toBeUndefined()
    }
  })

  it('takes a ctx within an event for what it is', () => {
    const text = usual.replace('"event":{}', '"event":{"tc":{"ctx":{"run_id":"x"}},"s":"\\u001b"}')
    expect(readUsualCall(Body.of(Buffer.from(text)))).toEqual(read)
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
  ])('reads a body with %s', (_, text, call) => {
    expect(readCanonicalCall(canonical(text))).toEqual(call)
  })
})

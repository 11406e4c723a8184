/**
 * What no honest server sends: forged, stale, repeated, contradicting and malformed requests. Each would call a
 * function that the app has, or make it sync, if it got there; each ends where every reader sees its end.
 */
import type { ModeratedCheck } from '../../gateway/admit/policy.ts'
import { HOST, PATH, callRequest, nextUlid, otherRequest, sign, type Request } from './call.ts'
import { keys } from './keys.ts'

export interface Forgery {
  /** Honest requests that come first, and are admitted. */
  readonly first?: readonly Request[]
  readonly request: Request
  /** Header lines besides those of `request`. */
  readonly lines?: readonly string[]
  /** In place of `Content-Length`. */
  readonly framing?: readonly string[]
  /** Address of the client; by default one that is allowed. */
  readonly from?: string
}

/**
 * What refuses it: a check that has a mode, or one that has none, of the head ('head') or of what a verified
 * signature is used for ('use').
 */
export type Check = ModeratedCheck | 'head' | 'use'

export interface ForgedCase {
  readonly name: string
  readonly check: Check
  readonly make: () => Forgery
}

type Make = () => Forgery | Request

const OUTSIDE = '127.0.0.9'

const call = (functionId = 'echo', key?: string) => callRequest({ functionId, data: { n: 1 } }, key)

const introspection = () => otherRequest('GET', PATH, '')

/** Distinct, so that none is a repeat of another. */
const sync = (url = `https://${HOST}${PATH}`) =>
  otherRequest('PUT', PATH, JSON.stringify({ url: `${url}?sync=${nextUlid()}` }), {
    'X-Inngest-Sync-Kind': 'in_band',
  })

const probe = () => otherRequest('POST', `${PATH}?probe=trust`, '{}')

const signature: Readonly<Record<string, Make>> = {
  'unsigned-call': () => without(call(), 'X-Inngest-Signature'),
  'unsigned-introspection': () => without(introspection(), 'X-Inngest-Signature'),
  'unsigned-sync': () => without(sync(), 'X-Inngest-Signature'),
  'unsigned-probe': () => without(probe(), 'X-Inngest-Signature'),
  'empty-signature': () => having(call(), 'X-Inngest-Signature', ''),
  'foreign-key-call': () => call('echo', keys.foreign),
  'foreign-key-introspection': () => resigned(introspection(), keys.foreign),
  'foreign-key-sync': () => resigned(sync(), keys.foreign),
  'changed-body': () => ({ ...call(), body: call('two-steps').body }),
  'changed-time': () =>
    respelled((value) => value.replace(/\d(?=&)/, (digit) => String((Number(digit) + 1) % 10))),
  'other-spelling-upper-case': () =>
    respelled((value) => value.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase())),
  'other-spelling-order': () => respelled((value) => value.split('&').reverse().join('&')),
  'other-spelling-parameter': () => respelled((value) => `${value}&v=1`),
}

const freshness: Readonly<Record<string, Make>> = {
  'expired-call': () => aged(call(), 301),
  'future-call': () => aged(call(), -330),
  'expired-introspection': () => aged(introspection(), 301),
  'expired-sync': () => aged(sync(), 301),
}

const replay: Readonly<Record<string, Make>> = {
  'repeated-call': () => repeated(call(), (request) => request),
  'repeated-for-another-step': () =>
    repeated(call(), (request) => ({
      ...having(request, 'X-Inngest-Step-Id', 'other'),
      target: request.target.replace('stepId=step', 'stepId=other'),
    })),
  'repeated-at-another-path': () =>
    repeated(call(), (request) => ({
      ...request,
      target: request.target.replace(PATH, `${PATH}/`),
    })),
  'repeated-sync': () => repeated(sync(), (request) => request),
  'repeated-probe': () => repeated(probe(), (request) => request),
}

const runId: Readonly<Record<string, Make>> = {
  'other-run-id': () => having(call(), 'X-Run-Id', '01M85C81NV0000000000000000'),
  'no-run-id': () => callRequest({ functionId: 'echo' }, keys.current, { run_id: undefined }),
  'empty-run-id': () => callRequest({ functionId: 'echo' }, keys.current, { run_id: '' }),
  'no-context': () => signed(call(), '{"data":{"n":1}}'),
}

const callIds: Readonly<Record<string, Make>> = {
  'other-job': () => having(call(), 'X-Inngest-Job-Id', 'other'),
  'other-generation': () => having(call(), 'X-Inngest-Generation-Id', '2'),
  'other-version': () => having(call(), 'X-Inngest-Req-Version', '1'),
  'other-step': () => having(call(), 'X-Inngest-Step-Id', 'other'),
}

const functionId: Readonly<Record<string, Make>> = {
  'other-function': () => ({
    first: [call('echo'), call('nothing'), call('echo'), call('nothing')],
    request: { ...call('nothing'), target: call('echo').target },
  }),
}

const allowlist: Readonly<Record<string, Make>> = {
  'outside-call': () => ({ request: call(), from: OUTSIDE }),
  'outside-introspection': () => ({ request: introspection(), from: OUTSIDE }),
  'outside-sync': () => ({ request: sync(), from: OUTSIDE }),
  'outside-claims-inside': () => ({
    request: having(call(), 'X-Forwarded-For', '127.0.0.1'),
    from: OUTSIDE,
  }),
}

const method: Readonly<Record<string, Make>> = {
  patch: () => ({ ...call(), method: 'PATCH' }),
  delete: () => ({ ...call(), method: 'DELETE' }),
  options: () => ({ ...call(), method: 'OPTIONS' }),
  head: () => ({ ...call(), method: 'HEAD' }),
  'introspection-with-body': () => ({ ...call(), method: 'GET' }),
  'compressed-body': () => having(call(), 'Content-Encoding', 'gzip'),
}

const syncBody: Readonly<Record<string, Make>> = {
  'introspection-as-sync': () => ({
    request: { ...introspection(), method: 'PUT' },
    framing: ['Content-Length: 0'],
  }),
}

const syncUrl: Readonly<Record<string, Make>> = {
  'sync-of-another-app': () => sync(`https://other.example.com${PATH}`),
  'sync-of-another-path': () => sync(`https://${HOST}/other`),
}

const ofHead: Readonly<Record<string, Make>> = {
  'run-id-twice': () => twice(call(), 'X-Run-Id'),
  'length-twice': () => ({ request: call(), framing: [lengthOf(call()), lengthOf(call())] }),
  'length-and-chunks': () => ({
    request: call(),
    framing: [lengthOf(call()), 'Transfer-Encoding: chunked'],
  }),
  'unknown-coding': () => ({
    request: call(),
    framing: [lengthOf(call()), 'Transfer-Encoding: xchunked'],
  }),
  'broken-header': () => ({ request: call(), lines: ['no colon'] }),
  'control-byte': () => having(call(), 'X-Run-Id', 'a\u0001b'),
  'too-long': () => ({ request: call(), framing: ['Content-Length: 20000000'] }),
  'other-host': () => having(call(), 'Host', 'other.example.com'),
  'other-path': () => ({ ...call(), target: call().target.replace(PATH, `${PATH}x`) }),
  'path-below': () => ({ ...call(), target: call().target.replace(PATH, `${PATH}/x`) }),
  'encoded-path': () => ({ ...call(), target: call().target.replace('inngest?', 'innges%74?') }),
  'double-slash': () => ({ ...call(), target: `/${call().target}` }),
}

const use: Readonly<Record<string, Make>> = {
  'signature-twice': () => twice(call(), 'X-Inngest-Signature'),
  'function-twice': () => ({ ...call(), target: `${call().target}&fnId=sdk-app-fails` }),
  'step-twice': () => ({ ...call(), target: `${call().target}&stepId=other` }),
  'call-as-probe': () => ({ ...call(), target: `${PATH}?probe=trust` }),
  'probe-and-function': () => ({ ...call(), target: `${call().target}&probe=trust` }),
}

export const forgedCases: readonly ForgedCase[] = Object.entries({
  signature,
  freshness,
  replay,
  runId,
  callIds,
  functionId,
  allowlist,
  method,
  syncBody,
  syncUrl,
  head: ofHead,
  use,
} satisfies Readonly<Record<Check, Readonly<Record<string, Make>>>>).flatMap(([check, makes]) =>
  Object.entries(makes).map(([name, make]) => ({
    name,
    // Of the keys of the object above.
    check: check as Check,
    make: () => {
      const made = make()
      return 'request' in made ? made : { request: made }
    },
  })),
)

function having(request: Request, name: string, value: string): Request {
  return { ...request, headers: { ...request.headers, [name]: value } }
}

function without(request: Request, name: string): Request {
  const headers = Object.entries(request.headers).filter(([each]) => each !== name)
  return { ...request, headers: Object.fromEntries(headers) }
}

function twice(request: Request, name: string): Forgery {
  return { request, lines: [`${name}: ${request.headers[name] ?? ''}`] }
}

function signed(request: Request, body: string): Request {
  return { ...having(request, 'X-Inngest-Signature', sign(body)), body }
}

function resigned(request: Request, key: string, ageSeconds = 0): Request {
  return having(request, 'X-Inngest-Signature', sign(request.body, key, ageSeconds))
}

function aged(request: Request, ageSeconds: number): Request {
  return resigned(request, keys.current, ageSeconds)
}

function respelled(change: (value: string) => string): Request {
  const request = call()
  return having(
    request,
    'X-Inngest-Signature',
    change(request.headers['X-Inngest-Signature'] ?? ''),
  )
}

function repeated(request: Request, change: (request: Request) => Request): Forgery {
  return { first: [request], request: change(request) }
}

function lengthOf({ body }: Request): string {
  return `Content-Length: ${String(Buffer.byteLength(body))}`
}

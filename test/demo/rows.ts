/** What the demo sends, and what must come of it. */
import { sendRaw, statusOf } from '../support/raw.ts'
import { callBody, callTarget } from '../support/sdk-app.ts'
import { send, signatureHeader, type Answer } from '../support/sender.ts'

export const key = 'signkey-test-f00f3005a3666b359a79c2bc3380ce2715e62727ac461ae1a2618f8766029c9f'
export const fallback = 'signkey-test-0123456789abcdef0123456789abcdef'

export interface Row {
  readonly request: string
  readonly reason: string
  readonly status: number
  readonly send: (port: number) => Promise<Pick<Answer, 'status'>>
}

function signed(
  id: string,
  change: Partial<{ key: string; at: number; age: number; body: string; target: string }> = {},
) {
  const at = (change.at ?? Math.floor(Date.now() / 1000)) - (change.age ?? 0)
  const signature = signatureHeader(change.key ?? key, callBody(id), at)
  return (port: number) =>
    send({
      port,
      target: change.target ?? callTarget,
      headers: { 'content-type': 'application/json', 'x-inngest-signature': signature },
      body: change.body ?? callBody(id),
    })
}

export function rows(): Row[] {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const plain =
    (method: string, headers = {}, target = callTarget) =>
    (port: number) =>
      send({ port, method, headers, target })
  const again = signed('demo-1', { at: nowSeconds })
  const retargeted = signed('demo-1', {
    at: nowSeconds,
    target: '/api/inngest?fnId=shop-hello&stepId=other',
  })
  const big = Buffer.alloc(11 * 1024 * 1024, 0x20)
  const oversize = {
    'x-inngest-signature': signatureHeader(key, '', Math.floor(Date.now() / 1000)),
    'content-length': String(big.length),
    expect: '100-continue',
  }
  return [
    { request: 'signed call', reason: 'none', status: 200, send: again },
    {
      request: 'signed with the fallback key',
      reason: 'none',
      status: 200,
      send: signed('demo-2', { key: fallback }),
    },
    { request: 'the first call again', reason: 'replayed', status: 409, send: again },
    { request: 'the first call, other stepId', reason: 'replayed', status: 409, send: retargeted },
    {
      request: 'tampered body',
      reason: 'signature_mismatch',
      status: 401,
      send: signed('demo-3', { body: callBody('demo-x') }),
    },
    {
      request: 'wrong key',
      reason: 'signature_mismatch',
      status: 401,
      send: signed('demo-4', { key: 'signkey-test-beef' }),
    },
    {
      request: '301 s old',
      reason: 'timestamp_too_old',
      status: 401,
      send: signed('demo-5', { age: 301 }),
    },
    {
      request: '310 s ahead',
      reason: 'timestamp_in_future',
      status: 401,
      send: signed('demo-6', { age: -310 }),
    },
    {
      request: 'before the gateway started',
      reason: 'timestamp_before_start',
      status: 503,
      send: signed('demo-7', { age: 60 }),
    },
    {
      request: 'stepId twice',
      reason: 'target_ambiguous',
      status: 400,
      send: signed('demo-8', { target: `${callTarget}&stepId=b` }),
    },
    { request: 'a third call', reason: 'replay_cache_full', status: 503, send: signed('demo-9') },
    {
      request: 'a body that never ends',
      reason: 'body_timeout',
      status: 408,
      send: plain('POST', { ...oversize, 'content-length': '100' }),
    },
    {
      request: 'another address',
      reason: 'client_not_allowed',
      status: 403,
      send: (port) => send({ port, from: '127.0.0.2', target: callTarget }),
    },
    {
      request: 'a proxy that names nobody',
      reason: 'client_unidentified',
      status: 403,
      send: (port) => send({ port, from: '127.0.0.3', target: callTarget }),
    },
    {
      request: 'target http://evil/api/inngest',
      reason: 'request_malformed',
      status: 400,
      send: plain('POST', {}, 'http://evil/api/inngest'),
    },
    { request: 'no signature', reason: 'signature_missing', status: 401, send: plain('POST') },
    { request: 'unsigned sync', reason: 'sync_unsigned', status: 401, send: plain('PUT') },
    {
      request: 'unsigned introspection',
      reason: 'introspection_unsigned',
      status: 401,
      send: plain('GET'),
    },
    {
      request: 'malformed signature',
      reason: 'signature_malformed',
      status: 401,
      send: plain('POST', { 'x-inngest-signature': 't=1&s=2' }),
    },
    {
      request: '11 MiB body',
      reason: 'body_too_large',
      status: 413,
      send: plain('POST', oversize),
    },
    { request: 'PATCH', reason: 'method_not_allowed', status: 405, send: plain('PATCH') },
    {
      request: 'another path',
      reason: 'route_not_found',
      status: 404,
      send: plain('POST', {}, '/api/other'),
    },
    {
      request: 'GET with a body',
      reason: 'body_not_allowed',
      status: 400,
      send: (port) => send({ port, method: 'GET', body: 'x' }),
    },
    {
      request: 'compressed body',
      reason: 'content_encoding_not_allowed',
      status: 415,
      send: plain('POST', { 'content-encoding': 'gzip' }),
    },
    {
      request: 'upgrade to a WebSocket',
      reason: 'upgrade_not_allowed',
      status: 400,
      send: raw('Upgrade: websocket', 'Connection: Upgrade'),
    },
    {
      request: 'two X-Run-ID',
      reason: 'header_duplicated',
      status: 400,
      send: raw('X-Run-ID: a', 'X-Run-ID: b'),
    },
    {
      request: 'gzip, chunked',
      reason: 'framing_ambiguous',
      status: 400,
      send: raw('Transfer-Encoding: gzip, chunked'),
    },
    {
      request: 'a length and chunks',
      reason: 'framing_ambiguous',
      status: 400,
      send: raw('Content-Length: 5', 'Transfer-Encoding: chunked'),
    },
    {
      request: 'a PROXY header',
      reason: 'proxy_header_unexpected',
      status: 400,
      send: async (port) => {
        const answer = await sendRaw(port, 'PROXY TCP4 3.3.3.3 3.3.3.3 1 2\r\n')
        return { status: statusOf(answer) }
      },
    },
    {
      request: '120 fields',
      reason: 'headers_too_many',
      status: 431,
      send: raw(...Array<string>(120).fill('A: b')),
    },
  ]
}

/** A request with fields exactly as they stand here. The end of its connection is that of the answer. */
function raw(...fields: string[]): Row['send'] {
  const head = [
    `POST ${callTarget} HTTP/1.1`,
    'Host: app.example.com',
    'Connection: close',
    ...fields,
  ]
  return async (port) => ({
    status: statusOf(await sendRaw(port, `${head.join('\r\n')}\r\n\r\n`)),
  })
}

/**
 * `Expect: 100-continue` (RFC 9110 section 10.1.1): the gateway sends 100 only to a client that expects
 * it, and only once it wants the body. A refusal takes the place of the 100, so that the body stays unsent.
 */
import { once } from 'node:events'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { callBytes, freshBody, startTarget, type Target } from '../support/attack.ts'
import {
  curlExpects,
  goExpects,
  nodeExpects,
  type ExpectingClient,
} from '../support/expecting-client.ts'
import { caddy, haproxy, nginx, startFrontProxy } from '../support/front-proxy.ts'
import { buildGoClient, type GoClient } from '../support/go-client.ts'
import { startBefore } from '../support/raw-app.ts'
import { open, statusOf } from '../support/raw.ts'
import { startTap } from '../support/tap.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const INNGEST = '/api/inngest?fnId=f&stepId=step'

const startBoth = () =>
  startTarget((upstream) => ({
    limits: { maxBodySize: '1KiB' },
    routes: [
      { name: 'inngest', path: '/api/inngest', upstream, signingKeys: [{ env: 'PRIMARY' }] },
      { name: 'app', policy: 'passthrough', path: '/x', upstream },
      {
        name: 'closed',
        policy: 'passthrough',
        path: '/closed',
        upstream,
        allowlist: ['192.0.2.1'],
      },
    ],
  }))

interface Case {
  readonly name: string
  readonly status: number
  readonly target: string
  readonly body: () => string
  readonly isSigned: boolean
}

const [unsigned, signed] = [{ isSigned: false }, { isSigned: true }]
const admitted: readonly Case[] = [
  { name: 'a function call', status: 200, target: INNGEST, body: freshBody, ...signed },
  { name: 'a passthrough request', status: 200, target: '/x', body: freshBody, ...unsigned },
]
const tooLarge = () => freshBody().replace('"version":1', `"version":"${'1'.repeat(2000)}"`)
const refused: readonly Case[] = [
  { name: 'an unsigned call', status: 401, target: INNGEST, body: freshBody, ...unsigned },
  {
    name: 'a client that is not allowed',
    status: 403,
    target: '/closed',
    body: freshBody,
    ...unsigned,
  },
  { name: 'a path without a route', status: 404, target: '/other', body: freshBody, ...unsigned },
  { name: 'a length over the limit', status: 413, target: INNGEST, body: tooLarge, ...signed },
]

function requestOf(target: Target, { target: path, body, isSigned }: Case, port: number) {
  const text = body()
  const headers: Record<string, string> = isSigned
    ? { 'x-inngest-signature': target.sign(text) }
    : {}
  return { port, target: path, headers, body: text }
}

/** Of interim and final responses, in order; one may follow the body of another without a line end. */
const statusesIn = (bytes: string) => bytes.match(/(?<=HTTP\/1\.1 )\d+/g)
const continuesIn = (bytes: string) => bytes.match(/HTTP\/1\.1 100 /g)?.length ?? 0

interface Framing {
  readonly headers: (body: string) => string
  readonly wire: (body: string) => string
}

const framings: Readonly<Record<string, Framing>> = {
  'a length': {
    headers: (body) => `Content-Length: ${String(body.length)}`,
    wire: (body) => body,
  },
  chunks: {
    headers: () => 'Transfer-Encoding: chunked',
    wire: (body) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  },
}

const both = admitted.flatMap((one) =>
  Object.entries(framings).map(([how, framing]) => ({ ...one, how, ...framing })),
)

describe('on the wire, a 100', () => {
  it.each(both)('comes before the body: $name, with $how', async (one) => {
    const target = await startBoth()
    const { body, headers } = requestOf(target, one, target.gateway.port)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    // The name of the expectation has no case.
    const all = [...lines, one.headers(body), 'Expect: 100-Continue', 'Connection: close']
    const socket = await open(target.gateway.port)
    socket.write(callBytes('', all, `POST ${one.target} HTTP/1.1`))
    let received = ''
    socket.setEncoding('latin1').on('data', (text: string) => (received += text))
    await expect.poll(() => received).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(target.upstream.seen).toEqual([])
    socket.write(one.wire(body))
    await once(socket, 'close')
    expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    expect(continuesIn(received)).toBe(1)
    expect(target.upstream.seen.map((request) => request.body)).toEqual([body])
    expect(target.upstream.bytes()).not.toMatch(/expect/i)
  })

  it.each(both)('is not sent without Expect: $name, with $how', async (one) => {
    const target = await startBoth()
    const { body, headers } = requestOf(target, one, target.gateway.port)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const all = [...lines, one.headers(body), 'Connection: close']
    const request = callBytes('', all, `POST ${one.target} HTTP/1.1`)
    const received = await target.raw([request, one.wire(body)])
    expect([statusOf(received), continuesIn(received)]).toEqual([200, 0])
  })

  it.each(admitted)('is not sent to HTTP/1.0: $name', async (one) => {
    const target = await startBoth()
    const { body, headers } = requestOf(target, one, target.gateway.port)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const all = [...lines, `Content-Length: ${String(body.length)}`, 'Expect: 100-continue']
    const request = callBytes('', all, `POST ${one.target} HTTP/1.0`)
    expect(continuesIn(await target.raw([request, body]))).toBe(0)
  })

  it.each(refused)('is not sent to a refused request: $name', async (one) => {
    const target = await startBoth()
    const { body, headers } = requestOf(target, one, target.gateway.port)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const all = [...lines, `Content-Length: ${String(body.length)}`, 'Expect: 100-continue']
    // Without its body, for which the gateway does not wait.
    const received = await target.raw(callBytes('', all, `POST ${one.target} HTTP/1.1`))
    expect([statusOf(received), continuesIn(received)]).toEqual([one.status, 0])
    // A client may send the body all the same, which is no request (RFC 9112 section 9.3).
    expect(received).toMatch(/^connection: close\r$/im)
    expect(target.upstream.bytes()).toBe('')
  })

  it('is sent to each request of a connection that expects one', async () => {
    const target = await startBoth()
    const body = 'hi'
    const requests = [['Expect: 100-continue'], [], ['Expect: 100-continue', 'Connection: close']]
    const bytes = requests.map((more) =>
      callBytes(body, ['Content-Length: 2', ...more], 'POST /x HTTP/1.1'),
    )
    const received = await target.raw(bytes)
    expect(statusesIn(received)).toEqual(['100', '200', '200', '100', '200'])
  })

  it.each([
    ['a function call', INNGEST, 0],
    ['a passthrough request', '/x', 0],
    ['a function call with Expect', INNGEST, 1],
    ['a passthrough request with Expect', '/x', 1],
  ])('is not forwarded if the app sent it: %s', async (_, path, expected) => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n'
    const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'
    const target = await startBefore(interim + final)
    const body = freshBody()
    const received = await target.raw(
      callBytes(
        body,
        [
          `Content-Length: ${String(body.length)}`,
          `X-Inngest-Signature: ${target.sign(body)}`,
          'Connection: close',
          ...(expected === 1 ? ['Expect: 100-continue'] : []),
        ],
        `POST ${path} HTTP/1.1`,
      ),
    )
    expect(statusesIn(received)).toEqual([...(expected === 1 ? ['100'] : []), '200'])
  })
})

describe('a client that expects 100-continue', () => {
  async function expectMet(client: ExpectingClient) {
    const target = await startBoth()
    const seen = []
    for (const one of [...admitted, ...refused]) {
      const met = await client(requestOf(target, one, target.gateway.port))
      seen.push({ name: one.name, ...met })
    }
    expect(seen).toEqual([
      ...admitted.map(({ name, status }) => ({ name, status, continues: 1, isSent: true })),
      ...refused.map(({ name, status }) => ({ name, status, continues: 0, isSent: false })),
    ])
  }

  it("is met by a 100 or a refusal: Node's http client", () => expectMet(nodeExpects))

  it('is met by a 100 or a refusal: curl', { tags: ['clients'] }, () => expectMet(curlExpects))

  describe('Go', { tags: ['clients'] }, () => {
    let go: GoClient
    beforeAll(() => {
      go = buildGoClient()
    }, 120_000)
    afterAll(() => {
      go.remove()
    })

    it("is met by a 100 or a refusal: Go's client", () => expectMet(goExpects(go)))
  })
})

const at = (port: number) => `127.0.0.1:${String(port)}`

const proxies = [
  {
    name: 'nginx, which sends the 100 and removes Expect',
    forwardsExpect: false,
    seenByClient: { admitted: 1, refused: 1 },
    program: (gateway: number) =>
      nginx(
        (port) => `server {
          listen ${at(port)};
          location / {
            proxy_pass http://${at(gateway)};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
          }
        }`,
      ),
  },
  {
    name: 'HAProxy, which forwards both',
    forwardsExpect: true,
    seenByClient: { admitted: 1, refused: 0 },
    program: (gateway: number) =>
      haproxy(`backend gateway\n  mode http\n  server one ${at(gateway)}`),
  },
  {
    name: 'Caddy, which sends a 100 and forwards Expect and 100',
    forwardsExpect: true,
    seenByClient: { admitted: 2, refused: 1 },
    program: (gateway: number) => caddy(`reverse_proxy ${at(gateway)}`),
  },
]

describe.each(proxies)('behind $name', { tags: ['proxies'] }, (proxy) => {
  it.each([...admitted, ...refused])('$name: a 100 or a refusal', async (one) => {
    const target = await startBoth()
    const tap = await startTap(target.gateway.port)
    stops.push(() => {
      tap.stop()
    })
    const front = await startFrontProxy(proxy.program(tap.port))
    stops.push(() => front.stop())
    const met = await nodeExpects(requestOf(target, one, front.port))
    const isAdmitted = one.status === 200
    expect(met.status).toBe(one.status)
    expect(/^expect: 100-continue\r$/im.test(tap.requests())).toBe(proxy.forwardsExpect)
    expect(continuesIn(tap.responses())).toBe(isAdmitted && proxy.forwardsExpect ? 1 : 0)
    expect(met.continues).toBeLessThanOrEqual(
      proxy.seenByClient[isAdmitted ? 'admitted' : 'refused'],
    )
  })
})

/**
 * The framing corpus through real proxies in front of the gateway, and the most lenient server behind it:
 * a proxy may change an entry, but the server receives one clean request or none (threats D3, D4, D5).
 * Proxies repair some entries and refuse others, so the status of the response is theirs to choose.
 */
// @module-tag proxies
import { describe, expect, it } from 'vitest'

import { callBytes, expectQuiet, signedCall, startTarget, type Target } from '../support/attack.ts'
import { attacks, framed } from '../support/framing-corpus.ts'
import { caddy, haproxy, nginx, startFrontProxy } from '../support/front-proxy.ts'
import type { SeenRequest } from '../support/lenient-upstream.ts'
import { sendRaw } from '../support/raw.ts'

interface Entry {
  readonly name: string
  readonly bytes: (target: Target) => string
}

/** Unusual, but valid by RFC 9112 or commonly repaired. Proxies forward most of them. */
const unusual: readonly Entry[] = [
  { name: 'two calls on one connection', bytes: (target) => keptCall(target) + signedCall(target) },
  { name: 'an empty line first', bytes: (target) => `\r\n${signedCall(target)}` },
  {
    name: 'an empty line between two calls',
    bytes: (target) => `${keptCall(target)}\r\n${signedCall(target)}`,
  },
  { name: 'HTTP/1.0', bytes: (target) => signedCall(target).replace('HTTP/1.1', 'HTTP/1.0') },
  { name: 'line feeds alone', bytes: (target) => signedCall(target).replaceAll('\r\n', '\n') },
  {
    name: 'the absolute form',
    bytes: (target) => signedCall(target).replace('POST ', 'POST http://app.example.com'),
  },
  { name: 'tabs around a value', bytes: (target) => signedCall(target, ['X-A:\t b\t ']) },
  {
    name: 'chunk extensions and trailers',
    bytes: framed(
      ['Transfer-Encoding: chunked', 'Trailer: X-Trailer', 'Connection: close'],
      (body) => `${body.length.toString(16)};name="value"\r\n${body}\r\n0\r\nX-Trailer: x\r\n\r\n`,
    ),
  },
  {
    name: 'many small chunks',
    bytes: framed(['Transfer-Encoding: chunked', 'Connection: close'], (body) => {
      const chunks = body.split('').map((character) => `0001\r\n${character}\r\n`)
      return `${chunks.join('')}0000\r\n\r\n`
    }),
  },
  {
    name: 'chunks and trailers, then a call',
    bytes: (target) =>
      framed(
        ['Transfer-Encoding: chunked'],
        (body) => `${body.length.toString(16)}\r\n${body}\r\n0\r\nX-Trailer: x\r\n\r\n`,
      )(target) + signedCall(target),
  },
  {
    name: 'a call behind a body that is not signed',
    bytes: (target) => callBytes('{}', ['Content-Length: 2']) + signedCall(target),
  },
]

const keptCall = (target: Target) => signedCall(target).replace('Connection: close\r\n', '')

/** Well framed, so that each proxy forwards it. */
const ordinary: Entry = { name: 'an ordinary call', bytes: (target) => signedCall(target) }

const at = (port: number) => `127.0.0.1:${String(port)}`

const nginxWith = (buffering: 'on' | 'off') => (gateway: number) =>
  nginx(
    (port) => `
      upstream gateway { server ${at(gateway)}; keepalive 4; }
      server {
        listen ${at(port)};
        location / {
          proxy_pass http://gateway;
          proxy_http_version 1.1;
          proxy_request_buffering ${buffering};
          proxy_set_header Host $http_host;
          proxy_set_header Connection "";
        }
      }`,
  )

const proxies = [
  { name: 'nginx, which buffers requests', program: nginxWith('on') },
  { name: 'nginx, which does not buffer requests', program: nginxWith('off') },
  {
    name: 'HAProxy',
    program: (gateway: number) =>
      haproxy(`backend gateway\n  mode http\n  server one ${at(gateway)}`),
  },
  {
    name: 'HAProxy in TCP mode, which forwards the bytes',
    program: (gateway: number) =>
      haproxy(`backend gateway\n  mode tcp\n  server one ${at(gateway)}`),
  },
  { name: 'Caddy', program: (gateway: number) => caddy(`reverse_proxy ${at(gateway)}`) },
]

/** Some proxies wait for more of an entry until their client leaves. */
const WAIT_MS = 3000

/** What keeps a forwarded request from being clean: an ordinary call, framed by its length alone. */
function flawsOf({ line, fields, body }: SeenRequest): string[] {
  const flaws: string[] = []
  if (!/^POST \S*\/api\/inngest\?fnId=f&stepId=step HTTP\/1\.1$/.test(line)) flaws.push(line)
  if (!/^\{"ctx":\{"request_id":"attack-\d+","run_id":"run"\},"version":1\}$/.test(body)) {
    flaws.push(`body ${body}`)
  }
  const lengths = fields['content-length'] ?? []
  if (lengths.join() !== String(body.length)) flaws.push(`content-length ${lengths.join()}`)
  if (fields['host']?.length !== 1) flaws.push('host')
  const connectionHeaders = ['transfer-encoding', 'trailer', 'x-trailer', 'te', 'expect', 'upgrade']
  return [...flaws, ...connectionHeaders.filter((name) => name in fields)]
}

describe.each(proxies)('behind $name', ({ program }) => {
  it('gives, for each entry of the framing corpus, one clean request or none', async () => {
    const target = await startTarget()
    const proxy = await startFrontProxy(program(target.gateway.port))
    const sent = [ordinary, ...attacks, ...unusual].map(({ name, bytes }) => ({
      name,
      bytes: bytes(target),
    }))
    await Promise.all(sent.map(({ bytes }) => sendRaw(proxy.port, bytes, { waitMs: WAIT_MS })))
    await proxy.stop()
    await expectQuiet(target)
    const { seen } = target.upstream
    const flawed = seen.map((one) => ({ entry: nameOf(one, sent), flaws: flawsOf(one) }))
    expect(flawed.filter(({ flaws }) => flaws.length > 0)).toEqual([])
    expect(target.upstream.rest()).toBe('')
    // No body twice.
    expect(new Set(seen.map(({ body }) => body)).size).toBe(seen.length)
    expect(flawed.map(({ entry }) => entry)).toContain(ordinary.name)
  })
})

/** By its signature, which no two entries share. */
function nameOf({ fields }: SeenRequest, sent: readonly { name: string; bytes: string }[]) {
  const [signature = 'none'] = fields['x-inngest-signature'] ?? []
  return sent.find(({ bytes }) => bytes.includes(signature))?.name
}

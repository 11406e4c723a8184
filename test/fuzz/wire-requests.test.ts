/**
 * Requests in any bytes, read by the gateway's reader and by a node:http server in its default, strict mode:
 * what the first accepts, the second accepts with the same meaning and the same end. Where they disagree, the
 * gateway is the stricter one, for a reason that is listed here.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { ReadRequest } from '../../gateway/wire/request-reader.ts'
import { fuzz } from '../support/fuzz.ts'
import { requestBytes, splits } from '../support/wire-grammar.ts'
import { NodeServer, type NodeMessage, type NodeReading } from '../support/wire-node.ts'
import {
  bytesOf,
  readRequests,
  splitAt,
  type Message,
  type Reading,
} from '../support/wire-reading.ts'

/** What Node accepted and the gateway's reader did not. */
interface Disagreement {
  readonly node: NodeMessage
  /** What the gateway's reader made of it: undefined if it refused the head. */
  readonly ours: Message<ReadRequest> | undefined
  /** From behind the last message that both accepted. */
  readonly rest: string
}

interface Kind {
  readonly reason: string
  readonly examples: readonly string[]
  readonly applies: (disagreement: Disagreement) => boolean
}

const CHUNKED = 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
const NEXT = 'GET /next HTTP/1.1\r\n\r\n'

/** RFC 9112 7.1.1, after a size. */
const EXTENSIONS = /^[\da-f]+(?:;[^\s;="(),]+(?:=(?:[^\s;="(),]+|"(?:[^"\\]|\\.)*"))?)+$/i

const KINDS: Record<string, Kind> = {
  'transfer coding': {
    reason: 'only chunked is known, and not in HTTP/1.0 (RFC 9112 6.1, 7)',
    examples: [
      'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    applies: ({ node, ours }) => hasHeader(node, /^transfer-encoding$/i) && !ours?.head.framing,
  },
  'connection closes': {
    reason:
      'close counts before keep-alive, and Proxy-Connection keeps nothing (RFC 9112 9.3, C.2.2)',
    examples: [
      `GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n${NEXT}`,
      `GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n${NEXT}`,
    ],
    applies: ({ ours }) => ours?.isComplete === true && !ours.head.keepsConnection,
  },
  'empty lines': {
    reason: 'two of them, each a CRLF, are enough for every known client (RFC 9112 2.2)',
    examples: [`\r\n\r\n\r\n${NEXT}`, `\n${NEXT}`, `\r${NEXT}`],
    applies: ({ ours, rest }) => ours === undefined && /^[\r\n]/.test(rest),
  },
  version: {
    reason: 'other versions have another syntax (RFC 9112 2.3)',
    examples: [
      'GET / HTTP/2.0\r\n\r\n',
      'GET / HTTP/0.9\r\n\r\n',
      'SOURCE / ICE/1.1\r\n\r\n',
      // Node takes a line end within an authority for the end of an HTTP/0.9 request line.
      'GET http://a\n.example:80/ HTTP/1.1\r\n\r\n',
    ],
    applies: ({ node, ours, rest }) =>
      ours === undefined &&
      (!/^1\.[01]$/.test(node.head.httpVersion) || !/ HTTP\/1\.[01]\r\n/.test(firstLine(rest))),
  },
  'white space': {
    reason: 'one space stands between the parts of a request line (RFC 9112 3)',
    examples: ['GET  / HTTP/1.1\r\n\r\n', 'GET /  HTTP/1.1\r\n\r\n'],
    applies: ({ ours, rest }) => ours === undefined && /^\S+ {2,}| {2,}HTTP/.test(firstLine(rest)),
  },
  target: {
    reason: 'four forms (RFC 9112 3.2), http and https, no user information (RFC 9110 4.2.4)',
    examples: [
      'GET *a HTTP/1.1\r\n\r\n',
      'GET ftp://a/ HTTP/1.1\r\n\r\n',
      'GET http://a@b/ HTTP/1.1\r\n\r\n',
      'CONNECT a HTTP/1.1\r\n\r\n',
    ],
    applies: ({ node, ours }) => ours === undefined && !isOfOneForm(node),
  },
  length: {
    reason: 'a length beyond fifteen digits is not exact as a number (RFC 9110 8.6)',
    examples: ['POST / HTTP/1.1\r\nContent-Length: 0000000000000003\r\n\r\nabc'],
    applies: ({ node, ours }) =>
      !ours?.head.framing && hasHeader(node, /^content-length$/i, /^\d{16,}$/),
  },
  trailer: {
    reason: 'no trailer is about the message or the connection (RFC 9110 6.5.1)',
    examples: [
      `${CHUNKED}0\r\nConnection: close\r\n\r\n`,
      `${CHUNKED}0\r\nProxy-Connection: close\r\n\r\n`,
    ],
    applies: ({ ours, rest }) =>
      ours?.isComplete === false &&
      /\r\n0+(?:;.*)?\r\n(?:.+\r\n)*(?:(?:proxy-)?connection|transfer-encoding|content-length):/i.test(
        rest,
      ),
  },
  'chunk extension': {
    reason: 'it has a name, and a value if there is a "=" (RFC 9112 7.1.1)',
    examples: [
      `${CHUNKED}1;=b\r\nx\r\n0\r\n\r\n`,
      `${CHUNKED}1;a=\r\nx\r\n0\r\n\r\n`,
      `${CHUNKED}1;;a\r\nx\r\n0\r\n\r\n`,
    ],
    applies: ({ ours, rest }) =>
      ours?.isComplete === false &&
      rest.split('\r\n').some((line) => /^[\da-f]+;/i.test(line) && !EXTENSIONS.test(line)),
  },
  'long chunk line': {
    reason: 'nobody needs it, and it costs the reader (RFC 9112 7.1.1, CVE-2024-22019)',
    examples: [`${CHUNKED}1;a=${'b'.repeat(5000)}\r\nx\r\n0\r\n\r\n`],
    applies: ({ ours, rest }) => ours?.isComplete === false && /\r\n[\da-f]+;.{4090}/i.test(rest),
  },
}

function firstLine(rest: string): string {
  return /^.*?\r\n/s.exec(rest)?.[0] ?? ''
}

function hasHeader({ head }: NodeMessage, name: RegExp, value = /^/): boolean {
  return head.rawHeaders.some(
    (text, i) => i % 2 === 0 && name.test(text) && value.test(head.rawHeaders[i + 1] ?? ''),
  )
}

function isOfOneForm({ head: { method, target } }: NodeMessage): boolean {
  const authority = /^[^/?#@]+$/
  if (method === 'CONNECT') return /^[^/?#@]+:\d+$/.test(target)
  const [, host] = /^https?:\/\/([^/?#]*)/i.exec(target) ?? []
  return target.startsWith('/') || target === '*' || (host !== undefined && authority.test(host))
}

/** Behind such a request comes another protocol, or nothing that Node's server hands out. */
function isLastForNode({ method, rawHeaders }: ReadRequest): boolean {
  if (method === 'CONNECT') return true
  const lines = rawHeaders.flatMap((name, i) =>
    i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1] ?? ''}`] : [],
  )
  return (
    lines.some((line) => /^upgrade:/i.test(line)) &&
    lines.some((line) => /^(?:proxy-)?connection:.*upgrade/i.test(line))
  )
}

function partsOf({
  method,
  target,
  httpVersion,
  rawHeaders,
}: ReadRequest | NodeMessage['head']): unknown {
  return { method, target, httpVersion, rawHeaders }
}

/** @throws if the gateway's reader accepted what Node did not. @returns undefined if they agree. */
function disagreement(
  text: string,
  ours: Reading<ReadRequest>,
  node: NodeReading,
): Disagreement | undefined {
  const rest = text.slice(text.length - ours.behindComplete)
  for (const [i, message] of ours.messages.entries()) {
    const same = node.messages[i]
    const next = node.messages[i + 1]
    if (message.head.framing === undefined) return same && { node: same, ours: message, rest }
    if (same === undefined) throw new Error(`Node refused a request: ${String(node.problem)}`)
    expect(partsOf(same.head)).toEqual(partsOf(message.head))
    if (isLastForNode(message.head)) return undefined
    expectSameBody(same, message)
    if (!message.isComplete)
      return same.isComplete ? { node: same, ours: message, rest } : undefined
    if (!message.head.keepsConnection) return next && { node: next, ours: message, rest }
  }
  const next = node.messages[ours.messages.length]
  return next && { node: next, ours: undefined, rest }
}

function expectSameBody(node: NodeMessage, { body, isComplete }: Message<ReadRequest>): void {
  if (isComplete) expect([node.body, node.isComplete]).toEqual([body, true])
  else expect(node.body.slice(0, body.length)).toBe(body)
}

function kindOf(found: Disagreement): string | undefined {
  return Object.entries(KINDS).find(([, { applies }]) => applies(found))?.[0]
}

describe('the request reader and node:http', () => {
  it('agree, or the reader is stricter for a listed reason, however the bytes are split', async () => {
    const server = new NodeServer()
    await fc.assert(
      fc.asyncProperty(requestBytes, splits, async (text, at) => {
        const chunks = splitAt(bytesOf(text), at)
        const ours = readRequests([bytesOf(text)])
        const { messages, problem } = readRequests(chunks)
        expect({ messages, problem }).toEqual({ messages: ours.messages, problem: ours.problem })
        const found = disagreement(text, ours, await server.read(chunks))
        if (found !== undefined) expect([kindOf(found), found]).toEqual([expect.any(String), found])
      }),
      fuzz(3),
    )
  }, 600_000)

  it.each(
    Object.entries(KINDS).flatMap(([kind, { examples }]) =>
      examples.map((example) => ({ kind, example, shown: JSON.stringify(example.slice(0, 90)) })),
    ),
  )('disagree about: $kind $shown', async ({ kind, example }) => {
    const chunks = [bytesOf(example)]
    const found = disagreement(example, readRequests(chunks), await new NodeServer().read(chunks))
    expect(found && kindOf(found)).toBe(kind)
  })
})

/**
 * Responses in any bytes, read by the gateway's reader and by node:http's client: what the first accepts, the
 * second accepts with the same meaning and the same end. Where they disagree, the gateway is the stricter
 * one, for a reason that is listed here.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { ReadResponse } from '../../gateway/wire/response-reader.ts'
import { fuzz } from '../support/fuzz.ts'
import { responseBytes, splits } from '../support/wire-grammar.ts'
import { readByNodeClient, type NodeMessage, type NodeReading } from '../support/wire-node.ts'
import {
  bytesOf,
  readResponses,
  readResponseToEnd,
  splitAt,
  type Message,
  type Reading,
} from '../support/wire-reading.ts'

/** What Node accepted and the gateway's reader did not. */
interface Disagreement {
  readonly node: NodeMessage
  /** What the gateway's reader made of it: undefined if it refused the head. */
  readonly ours: Message<ReadResponse> | undefined
  readonly text: string
}

interface Kind {
  readonly reason: string
  readonly examples: readonly string[]
  readonly applies: (disagreement: Disagreement) => boolean
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

/** RFC 9112 7.1.1, after a size. */
const EXTENSIONS = /^[\da-f]+(?:;[^\s;="(),]+(?:=(?:[^\s;="(),]+|"(?:[^"\\]|\\.)*"))?)+$/i

const KINDS: Record<string, Kind> = {
  'transfer coding': {
    reason: 'only chunked is known, and not in HTTP/1.0 (RFC 9112 6.1, 7)',
    examples: [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc',
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    applies: ({ node, ours }) => ours === undefined && hasHeader(node, /^transfer-encoding$/i),
  },
  'status line': {
    reason: 'HTTP/1.0 and 1.1, one space, 100 to 999, no control characters (RFC 9112 4)',
    examples: [
      'HTTP/0.9 200 OK\r\n\r\n',
      'HTTP/2.0 200 OK\r\n\r\n',
      'ICE/1.1 200 OK\r\n\r\n',
      'HTTP/1.1 099 OK\r\n\r\n',
    ],
    applies: ({ ours, text }) =>
      ours === undefined && startLinesOf(text).some((line) => !STATUS_LINE.test(line)),
  },
  'interim that closes': {
    reason:
      'close counts before keep-alive, and Proxy-Connection keeps nothing (RFC 9112 9.3, C.2.2)',
    examples: [
      'HTTP/1.0 100 Continue\r\nConnection: close, keep-alive\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
      'HTTP/1.0 103\r\nProxy-Connection: keep-alive\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    ],
    applies: ({ ours, text }) =>
      ours === undefined &&
      /^(?:.+\r\n\r\n)*?HTTP\/1\.0 1(?:.+\r\n)+?(?:proxy-)?connection:/is.test(text),
  },
  length: {
    reason: 'a length beyond fifteen digits is not exact as a number (RFC 9110 8.6)',
    examples: ['HTTP/1.1 200 OK\r\nContent-Length: 0000000000000003\r\n\r\nabc'],
    applies: ({ ours, text }) =>
      ours === undefined && /\r\ncontent-length:[\t ]*\d{16,}[\t ]*\r\n/i.test(text),
  },
  trailer: {
    reason: 'no trailer is about the message or the connection (RFC 9110 6.5.1)',
    examples: [`${CHUNKED}0\r\nConnection: close\r\n\r\n`],
    applies: ({ ours, text }) =>
      ours?.isComplete === false &&
      /\r\n0+(?:;.*)?\r\n(?:.+\r\n)*(?:(?:proxy-)?connection|transfer-encoding|content-length):/i.test(
        text,
      ),
  },
  'chunk extension': {
    reason: 'it has a name, and a value if there is a "=" (RFC 9112 7.1.1)',
    examples: [`${CHUNKED}1;=b\r\nx\r\n0\r\n\r\n`, `${CHUNKED}1;a=\r\nx\r\n0\r\n\r\n`],
    applies: ({ ours, text }) =>
      ours?.isComplete === false &&
      text.split('\r\n').some((line) => /^[\da-f]+;/i.test(line) && !EXTENSIONS.test(line)),
  },
  'long chunk line': {
    reason: 'nobody needs it, and it costs the reader (RFC 9112 7.1.1, CVE-2024-22019)',
    examples: [`${CHUNKED}1;a=${'b'.repeat(5000)}\r\nx\r\n0\r\n\r\n`],
    applies: ({ ours, text }) => ours?.isComplete === false && /\r\n[\da-f]+;.{4090}/i.test(text),
  },
}

const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?$/

/** Of the interim responses, and of the one that is final. */
function startLinesOf(text: string): string[] {
  const heads = text.split('\r\n\r\n')
  const final = heads.findIndex((head) => !/^HTTP\/1\.[01] 1(?!01)\d\d/.test(head))
  return heads.slice(0, final + 1).map((head) => head.split('\r\n', 1)[0] ?? '')
}

function hasHeader({ head }: NodeMessage, name: RegExp): boolean {
  return head.rawHeaders.some((text, i) => i % 2 === 0 && name.test(text))
}

/** @throws if the gateway's reader accepted what Node did not. @returns undefined if they agree. */
function disagreement(
  text: string,
  { messages: [ours] }: Reading<ReadResponse>,
  { messages: [node], problem }: NodeReading,
): Disagreement | undefined {
  if (ours === undefined) return node && { node, ours, text }
  if (node === undefined) throw new Error(`Node refused the response: ${String(problem)}`)
  expect(partsOf(node.head)).toEqual(partsOf(ours.head))
  if (ours.isComplete) {
    const { body, isComplete } = node
    expect({ body, isComplete }).toEqual({ body: ours.body, isComplete: true })
    return undefined
  }
  expect(node.body.slice(0, ours.body.length)).toBe(ours.body)
  return node.isComplete ? { node, ours, text } : undefined
}

function partsOf({ status, httpVersion, rawHeaders }: ReadResponse | NodeMessage['head']): unknown {
  return { status, httpVersion, rawHeaders }
}

function kindOf(found: Disagreement): string | undefined {
  return Object.entries(KINDS).find(([, { applies }]) => applies(found))?.[0]
}

const method = fc.constantFrom('POST', 'GET', 'HEAD')

describe('the response reader and node:http', () => {
  it('agree, or the reader is stricter for a listed reason, however the bytes are split', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(responseBytes, method, fc.boolean()),
        splits,
        async ([text, sent, isEnded], at) => {
          const chunks = splitAt(bytesOf(text), at)
          const read = isEnded ? readResponseToEnd : readAsOne
          const ours = read([bytesOf(text)], sent)
          const { messages, problem } = read(chunks, sent)
          expect({ messages, problem }).toEqual({ messages: ours.messages, problem: ours.problem })
          const found = disagreement(text, ours, await readByNodeClient(chunks, sent, isEnded))
          if (found !== undefined)
            expect([kindOf(found), found]).toEqual([expect.any(String), found])
        },
      ),
      fuzz(2),
    )
  }, 600_000)

  it.each(
    Object.entries(KINDS).flatMap(([kind, { examples }]) =>
      examples.map((example) => ({ kind, example, shown: JSON.stringify(example.slice(0, 90)) })),
    ),
  )('disagree about: $kind $shown', async ({ kind, example }) => {
    const chunks = [bytesOf(example)]
    const node = await readByNodeClient(chunks, 'POST', true)
    const found = disagreement(example, readResponseToEnd(chunks), node)
    expect(found && kindOf(found)).toBe(kind)
  })
})

function readAsOne(chunks: readonly Buffer[], sent: string): Reading<ReadResponse> {
  return readResponses(chunks, [sent])
}

/**
 * Responses out of the bytes of an app's connection, each to a request that was sent on it. As strict as
 * RequestReader; test/fuzz/wire-responses.test.ts compares it with Node's client.
 */
import { BodyReader } from './body-reader.ts'
import { ByteQueue } from './byte-queue.ts'
import { framingOfResponse, type Framing } from './framing.ts'
import { HeadReader, type HeadProblem } from './head-reader.ts'
import { keepsConnection, readHeaderSection } from './header-section.ts'

export interface ReadResponse {
  /** 200 to 999, or 101. */
  readonly status: number
  readonly httpVersion: '1.0' | '1.1'
  /** Name, value, name, value …: latin1, as sent, in order; white space around values is removed. */
  readonly rawHeaders: readonly string[]
  readonly framing: Framing
  /** The app takes another request behind this response. */
  readonly keepsConnection: boolean
}

export type ResponseProblem =
  /** What comes is no status line of HTTP/1.0 or 1.1. */
  | 'not-http'
  | 'head-too-large'
  /** A header line that is none. */
  | 'header-syntax'
  /** Two lengths, a length with a transfer coding, a coding other than `chunked`, or a final interim response. */
  | 'framing'
  /** Chunks or trailers that are none. */
  | 'body'
  /** More interim responses than there is a reason for. */
  | 'too-many-interim'

export type ResponseEvent =
  | { readonly kind: 'head'; readonly head: ReadResponse }
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'invalid'; readonly problem: ResponseProblem }

const END: ResponseEvent = { kind: 'end' }

/** RFC 9112 4. The reason phrase decides nothing, and apps leave it out, and the space before it too. */
const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/

/** An app has one reason for 100 and one for 103 (RFC 9110 15.2, RFC 8297); an endless row of them holds a request. */
const MOST_INTERIM = 16

export class ResponseReader {
  /** What arrives is appended, and taken from here where it is of another protocol. Between two responses it is empty. */
  readonly bytes = new ByteQueue()
  readonly #heads: HeadReader
  readonly #body = new BodyReader(this.bytes)
  #method = ''
  #expected: 'head' | 'body' | 'nothing' = 'nothing'
  #interim = 0

  /** @param maxHeadBytes longest status line and headers together. */
  constructor(maxHeadBytes: number) {
    this.#heads = new HeadReader(this.bytes, {
      maxBytes: maxHeadBytes,
      startLine: STATUS_LINE,
      emptyLines: 0,
    })
  }

  /** A request is sent, whose response comes next. */
  expect(method: string): void {
    this.#method = method
    this.#expected = 'head'
    this.#interim = 0
  }

  /** @returns undefined if more bytes are needed, or no response is expected. */
  next(): ResponseEvent | undefined {
    switch (this.#expected) {
      case 'head':
        return this.#nextHead()
      case 'body':
        return this.#nextOfBody()
      case 'nothing':
        return undefined
    }
  }

  /** The app has ended the connection. @returns `end` if that completes the response. */
  connectionEnded(): ResponseEvent | undefined {
    const isComplete = this.#expected === 'body' && this.#body.endsWithConnection
    this.#expected = 'nothing'
    return isComplete ? END : undefined
  }

  #nextHead(): ResponseEvent | undefined {
    for (;;) {
      const read = this.#heads.next()
      if (read === undefined) return undefined
      const head = typeof read === 'string' ? this.#named(read) : parseResponse(read, this.#method)
      if (typeof head === 'string') return this.#fail(head)
      if (head.status >= 200 || head.status === 101) {
        this.#expected = 'body'
        this.#body.start(head.framing)
        return { kind: 'head', head }
      }
      // RFC 9110 15.2: an interim response may be ignored, and one that nobody waits for must be.
      this.#interim += 1
      // Behind it, by its own account, no final response comes (RFC 9112 9.3). HTTP/1.0 has none (RFC 9110 15.2).
      if (!head.keepsConnection) return this.#fail('framing')
      if (this.#interim > MOST_INTERIM) return this.#fail('too-many-interim')
    }
  }

  /** Where the status line could not be read, this is not HTTP at all. */
  #named(problem: HeadProblem): ResponseProblem {
    if (problem === 'head-too-large') return problem
    const [line = ''] = this.bytes.peekText(0, this.bytes.length).split('\r\n', 1)
    return STATUS_LINE.test(line) ? 'header-syntax' : 'not-http'
  }

  #nextOfBody(): ResponseEvent | undefined {
    const part = this.#body.next()
    if (part === undefined) return undefined
    if (part === 'invalid') return this.#fail('body')
    if (part !== 'end') return { kind: 'body', bytes: part }
    this.#expected = 'nothing'
    return END
  }

  #fail(problem: ResponseProblem): ResponseEvent {
    this.#expected = 'nothing'
    return { kind: 'invalid', problem }
  }
}

function parseResponse(lines: Buffer, method: string): ReadResponse | ResponseProblem {
  const text = lines.toString('latin1')
  const lineEnd = text.indexOf('\r\n')
  const line = STATUS_LINE.exec(text.slice(0, lineEnd))
  if (line === null) return 'not-http'
  const section = readHeaderSection(lines, text, lineEnd + 2)
  if (section === undefined) return 'header-syntax'
  const httpVersion = line[1] === '1.0' ? '1.0' : '1.1'
  const status = Number(line[2])
  const framing = framingOfResponse(section, httpVersion, status, method)
  if (framing === undefined) return 'framing'
  return {
    status,
    httpVersion,
    rawHeaders: section.rawHeaders,
    framing,
    keepsConnection: framing.kind !== 'until-close' && keepsConnection(section, httpVersion),
  }
}

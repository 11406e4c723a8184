/**
 * Reads responses from the bytes of an app's connection, each for a request that was sent on it. As strict as
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
  /** Name, value, name, value …: latin1, as sent, in order, without white space around values. */
  readonly rawHeaders: readonly string[]
  readonly framing: Framing
  /** Whether the app accepts another request after this response. */
  readonly keepsConnection: boolean
}

export type ResponseProblem =
  /** The bytes are not a status line of HTTP/1.0 or 1.1. */
  | 'not-http'
  | 'head-too-large'
  /** A line is not a header. */
  | 'header-syntax'
  /** Two lengths, a length with a transfer coding, a coding other than `chunked`, or a final interim response. */
  | 'framing'
  /** Invalid chunks or trailers. */
  | 'body'
  /** More than `MOST_INTERIM` interim responses. */
  | 'too-many-interim'

export type ResponseEvent =
  | { readonly kind: 'head'; readonly head: ReadResponse }
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'invalid'; readonly problem: ResponseProblem }

const END: ResponseEvent = { kind: 'end' }

/** RFC 9112 4. The reason phrase is ignored. Some apps omit it, and the space before it. */
const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/

/** Apps rarely send more than a 100 and a 103 (RFC 9110 15.2, RFC 8297). Without a bound, they could hold a request forever. */
const MOST_INTERIM = 16

export class ResponseReader {
  /** Received bytes are appended here; the bytes of another protocol are taken from here. Empty between two responses. */
  readonly bytes = new ByteQueue()
  readonly #heads: HeadReader
  readonly #body = new BodyReader(this.bytes)
  #method = ''
  #expected: 'head' | 'body' | 'nothing' = 'nothing'
  #interim = 0

  /** @param maxHeadBytes the longest status line and headers together. */
  constructor(maxHeadBytes: number) {
    this.#heads = new HeadReader(this.bytes, {
      maxBytes: maxHeadBytes,
      startLine: STATUS_LINE,
      emptyLines: 0,
    })
  }

  /** To be called when a request is sent: its response comes next. */
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

  /** To be called when the app has ended the connection. @returns `end` if that completes the response. */
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
      // RFC 9110 15.2: interim responses may be ignored; one that was not requested must be.
      this.#interim += 1
      // With `Connection: close`, no final response follows (RFC 9112 9.3). HTTP/1.0 has no interim responses (RFC 9110 15.2).
      if (!head.keepsConnection) return this.#fail('framing')
      if (this.#interim > MOST_INTERIM) return this.#fail('too-many-interim')
    }
  }

  /** If the status line could not be read, the bytes are not HTTP. */
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

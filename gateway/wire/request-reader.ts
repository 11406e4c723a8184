/**
 * Reads requests from the bytes of a client's connection: HTTP/1.1 and 1.0, one after the other, each with one
 * meaning only. It accepts a strict subset of RFC 9112 and of what Node's own parser accepts
 * (test/fuzz/wire-requests.test.ts).
 */
import { BodyReader } from './body-reader.ts'
import { ByteQueue } from './byte-queue.ts'
import { framingOfRequest, type Framing } from './framing.ts'
import { HeadReader, type HeadProblem } from './head-reader.ts'
import { keepsConnection, readHeaderSection } from './header-section.ts'

export interface ReadRequest {
  readonly method: string
  /** As sent; visible ASCII. */
  readonly target: string
  readonly httpVersion: '1.0' | '1.1'
  /** Name, value, name, value …: latin1, as sent, in order, without white space around values. */
  readonly rawHeaders: readonly string[]
  /** Undefined if it is ambiguous; then nothing after the headers can be read. */
  readonly framing: Framing | undefined
  /** Elements of `Connection`, in lower case. */
  readonly connection: readonly string[]
  /** Whether the client may send another request after this one. */
  readonly keepsConnection: boolean
}

export type RequestEvent =
  | { readonly kind: 'head'; readonly head: ReadRequest }
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  /** Nothing after this event can be read. */
  | { readonly kind: 'invalid'; readonly problem: HeadProblem | 'body' }

const END: RequestEvent = { kind: 'end' }
const INVALID_BODY: RequestEvent = { kind: 'invalid', problem: 'body' }

/** RFC 9112 3, with single spaces. Other versions have another syntax (RFC 9112 2.3). */
const REQUEST_LINE = /^([A-Z-]{3,16}) ([\x21-\x7e]+) HTTP\/(1\.[01])$/

/** The methods that Node's parser knows. Others have no meaning to apps (IANA method registry). */
const METHODS = new Set(
  (
    'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY ' +
    'OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK ' +
    'UNLOCK UNSUBSCRIBE'
  ).split(' '),
)

/**
 * Origin-form, absolute-form of http and https, asterisk-form, and authority-form for CONNECT (RFC 9112 3.2).
 * An authority has only the characters of RFC 3986 3.2.2, without user information (RFC 9110 4.2.4).
 */
const TARGET = /^(?:\/|https?:\/\/[\w.~%!$&'()*+,;=:[\]-]+(?:[/?]|$)|\*$)/i
const AUTHORITY = /^[\w.~%!$&'()*+,;=:[\]-]+:\d{1,5}$/

export class RequestReader {
  /** Received bytes are appended here. The bytes of another protocol are taken from here. */
  readonly bytes = new ByteQueue()
  readonly #heads: HeadReader
  readonly #body = new BodyReader(this.bytes)
  #isInBody = false
  #failed: RequestEvent | undefined

  /** @param maxHeadBytes the longest request line and headers together. */
  constructor(maxHeadBytes: number) {
    // RFC 9112 2.2: some clients send a line end after the body of a POST.
    this.#heads = new HeadReader(this.bytes, {
      maxBytes: maxHeadBytes,
      startLine: REQUEST_LINE,
      emptyLines: 2,
    })
  }

  /** @returns undefined if more bytes are needed. */
  next(): RequestEvent | undefined {
    return this.#failed ?? (this.#isInBody ? this.#nextOfBody() : this.#nextHead())
  }

  #nextHead(): RequestEvent | undefined {
    const read = this.#heads.next()
    if (read === undefined) return undefined
    const head = typeof read === 'string' ? read : parseRequest(read)
    if (typeof head === 'string') return this.#fail({ kind: 'invalid', problem: head })
    if (head.framing === undefined) this.#failed = INVALID_BODY
    else {
      this.#isInBody = true
      this.#body.start(head.framing)
    }
    return { kind: 'head', head }
  }

  #nextOfBody(): RequestEvent | undefined {
    const part = this.#body.next()
    if (part === undefined) return undefined
    if (part === 'invalid') return this.#fail(INVALID_BODY)
    if (part !== 'end') return { kind: 'body', bytes: part }
    this.#isInBody = false
    return END
  }

  #fail(event: RequestEvent): RequestEvent {
    this.#failed = event
    return event
  }
}

function parseRequest(lines: Buffer): ReadRequest | HeadProblem {
  const text = lines.toString('latin1')
  const lineEnd = text.indexOf('\r\n')
  const line = REQUEST_LINE.exec(text.slice(0, lineEnd))
  const section = readHeaderSection(lines, text, lineEnd + 2)
  if (line === null || section === undefined) return 'syntax'
  const [, method = '', target = '', version] = line
  if (!METHODS.has(method) || !(method === 'CONNECT' ? AUTHORITY : TARGET).test(target))
    return 'syntax'
  const httpVersion = version === '1.0' ? '1.0' : '1.1'
  return {
    method,
    target,
    httpVersion,
    rawHeaders: section.rawHeaders,
    framing: framingOfRequest(section, httpVersion),
    connection: section.connection,
    keepsConnection: keepsConnection(section, httpVersion),
  }
}

/** Parses a response, as far as needed to find out who sent it. */

export interface Answer {
  readonly status: number
  /** By lower-case name; of several with one name the last. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
}

const HEAD_END = '\r\n\r\n'

interface Head {
  readonly status: number
  readonly lines: readonly string[]
  /** The offset of its end. */
  readonly end: number
}

/** Limit for interim responses (RFC 9110 15.2). Servers send one, rarely two. */
const MOST_INTERIM_ANSWERS = 10

/**
 * @param bytes all bytes so far, in latin1.
 * @param hasEnded no more bytes will arrive.
 * @returns undefined if the response is incomplete; `endless` if there are too many interim responses.
 */
export function parseAnswer(
  bytes: string,
  method: string,
  hasEnded: boolean,
): Answer | 'endless' | undefined {
  let head = readHead(bytes, 0)
  for (let interim = 0; head !== undefined && isInterim(head); interim += 1) {
    if (interim === MOST_INTERIM_ANSWERS) return 'endless'
    head = readHead(bytes, head.end)
  }
  if (head === undefined) return undefined
  const { status, lines, end } = head
  const body = bytes.slice(end)
  const fields = new Map(lines.map(splitField))
  const isWhole = hasEnded || method === 'HEAD' || isComplete(body, fields)
  if (!isWhole) return undefined
  return { status, fields, body: fields.has('transfer-encoding') ? joinChunks(body) : body }
}

/** @returns undefined if it is incomplete. */
function readHead(bytes: string, start: number): Head | undefined {
  const end = bytes.indexOf(HEAD_END, start)
  if (end === -1) return undefined
  const [line = '', ...lines] = bytes.slice(start, end).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1] ?? 0)
  return { status, lines, end: end + HEAD_END.length }
}

function isInterim({ status }: Head): boolean {
  return status >= 100 && status < 200
}

function splitField(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

function isComplete(body: string, fields: ReadonlyMap<string, string>): boolean {
  const length = fields.get('content-length')
  if (length !== undefined) return body.length >= Number(length)
  return fields.has('transfer-encoding') && body.endsWith('0\r\n\r\n')
}

/** The well-formed chunks: a proxy in front may send the gateway's responses in chunks. */
function joinChunks(body: string): string {
  let joined = ''
  let rest = body
  for (;;) {
    const size = /^([0-9a-f]{1,8})[^\r\n]*\r\n/i.exec(rest)
    const length = Number.parseInt(size?.[1] ?? '0', 16)
    if (size === null || length === 0) return joined
    joined += rest.slice(size[0].length, size[0].length + length)
    rest = rest.slice(size[0].length + length + 2)
  }
}

/**
 * An upstream as lenient as the worst real ones: it accepts bare line feeds, space before a colon, folded
 * lines, any `Transfer-Encoding` that contains chunked, and reads the remaining bytes as another request. The
 * requests that it reads are those that an attacker could have smuggled.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

export interface SeenRequest {
  readonly line: string
  readonly fields: Readonly<Record<string, string[]>>
  readonly body: string
}

export interface LenientUpstream {
  readonly url: string
  readonly seen: SeenRequest[]
  /** Every received byte, in latin1. */
  bytes(): string
  /** Bytes after the last request of each connection that make no complete request. */
  rest(): string
  stop(): void
}

export async function startLenientUpstream(): Promise<LenientUpstream> {
  const seen: SeenRequest[] = []
  let all = ''
  const rests = new Map<Socket, string>()
  const server = createServer((socket) => {
    let pending = ''
    socket.setEncoding('latin1').on('error', () => undefined)
    socket.on('data', (text: string) => {
      all += text
      pending += text
      for (let taken = takeRequest(pending); taken; taken = takeRequest(pending)) {
        seen.push(taken.request)
        pending = taken.rest
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }
      rests.set(socket, pending)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    seen,
    bytes: () => all,
    rest: () => [...rests.values()].join(''),
    stop: () => server.close(),
  }
}

/** @returns the first request in `text` and the rest, or undefined if it is incomplete. */
export function takeRequest(text: string): { request: SeenRequest; rest: string } | undefined {
  const [head] = /^[\s\S]*?\r?\n\r?\n/.exec(text) ?? []
  if (head === undefined) return undefined
  const [line = '', ...lines] = head
    .replace(/\r?\n[ \t]+/g, ' ')
    .trimEnd()
    .split(/\r?\n/)
  const fields = fieldsOf(lines)
  const rest = text.slice(head.length)
  const encodings = (fields['transfer-encoding'] ?? []).join(',')
  const taken = /chunked/i.test(encodings)
    ? takeChunks(rest)
    : takeLength(rest, Number.parseInt(fields['content-length']?.[0] ?? '0', 10) || 0)
  return taken && { request: { line, fields, body: taken.body }, rest: taken.rest }
}

function fieldsOf(lines: readonly string[]): Record<string, string[]> {
  const fields = Object.create(null) as Record<string, string[]>
  for (const field of lines) {
    const [name = '', ...value] = field.split(':')
    const list = (fields[name.trim().toLowerCase()] ??= [])
    list.push(value.join(':').trim())
  }
  return fields
}

function takeLength(text: string, length: number) {
  if (text.length < length) return undefined
  return { body: text.slice(0, length), rest: text.slice(length) }
}

/** @returns a chunked body and the rest, or undefined if it is incomplete. */
export function takeChunks(text: string): { body: string; rest: string } | undefined {
  let body = ''
  let rest = text
  for (;;) {
    const size = /^([0-9a-f]+)[^\n]*\n/i.exec(rest)
    if (size === null) return undefined
    const length = Number.parseInt(size[1] ?? '0', 16)
    rest = rest.slice(size[0].length)
    if (length === 0) return { body, rest: rest.replace(/^\r?\n/, '') }
    if (rest.length < length + 1) return undefined
    body += rest.slice(0, length)
    rest = rest.slice(length).replace(/^\r?\n/, '')
  }
}

/** How the readers of gateway/wire/ read bytes, split in any way, in one form for all tests. */
import { RequestReader, type ReadRequest } from '../../gateway/wire/request-reader.ts'
import { ResponseReader, type ReadResponse } from '../../gateway/wire/response-reader.ts'

export interface Message<Head> {
  readonly head: Head
  /** All pieces, joined, as latin1. */
  body: string
  isComplete: boolean
}

export interface Reading<Head> {
  readonly messages: Message<Head>[]
  /** Why the rest cannot be read; undefined if more bytes could follow. */
  problem: string | undefined
  /** Bytes that were not read. */
  waiting: number
  /** Bytes after the last complete message; exact if all arrived in one chunk. */
  behindComplete: number
}

interface Reader<Head> {
  readonly bytes: { readonly length: number; append(chunk: Buffer): void }
  next():
    | { readonly kind: 'head'; readonly head: Head }
    | { readonly kind: 'body'; readonly bytes: Buffer }
    | { readonly kind: 'end' }
    | { readonly kind: 'invalid'; readonly problem: string }
    | undefined
}

export const HEAD_LIMIT = 16_384

export function readRequests(
  chunks: readonly Buffer[],
  maxHeadBytes = HEAD_LIMIT,
): Reading<ReadRequest> {
  const reader = new RequestReader(maxHeadBytes)
  return readAll(reader, chunks)
}

/** @param methods of the requests; the next response is expected when the previous one has ended. */
export function readResponses(
  chunks: readonly Buffer[],
  methods: readonly string[] = ['POST'],
  maxHeadBytes = HEAD_LIMIT,
): Reading<ReadResponse> {
  const reader = new ResponseReader(maxHeadBytes)
  let sent = 0
  const sendNext = (): void => {
    const method = methods[sent]
    sent += 1
    if (method !== undefined) reader.expect(method)
  }
  sendNext()
  return readAll(reader, chunks, sendNext)
}

/** Ends with the bytes, which completes a response that extends to the end of the connection. */
export function readResponseToEnd(
  chunks: readonly Buffer[],
  method = 'POST',
  maxHeadBytes = HEAD_LIMIT,
): Reading<ReadResponse> {
  const reader = new ResponseReader(maxHeadBytes)
  reader.expect(method)
  const reading = readAll(reader, chunks)
  const ended = reader.connectionEnded()
  const last = reading.messages.at(-1)
  if (ended?.kind === 'end' && last !== undefined) last.isComplete = true
  return reading
}

function readAll<Head>(
  reader: Reader<Head>,
  chunks: readonly Buffer[],
  onEnd: () => void = () => undefined,
): Reading<Head> {
  const reading: Reading<Head> = {
    messages: [],
    problem: undefined,
    waiting: 0,
    behindComplete: Buffer.concat(chunks).length,
  }
  for (const chunk of chunks) {
    reader.bytes.append(chunk)
    readOn(reader, reading, onEnd)
    if (reading.problem !== undefined) break
  }
  reading.waiting = reader.bytes.length
  return reading
}

function readOn<Head>(reader: Reader<Head>, reading: Reading<Head>, onEnd: () => void): void {
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    const last = reading.messages.at(-1)
    if (event.kind === 'invalid') {
      reading.problem = event.problem
      return
    }
    if (event.kind === 'head') {
      reading.messages.push({ head: event.head, body: '', isComplete: false })
    } else if (last !== undefined && event.kind === 'body') {
      last.body += event.bytes.toString('latin1')
    } else if (last !== undefined) {
      last.isComplete = true
      reading.behindComplete = reader.bytes.length
      onEnd()
    }
  }
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

export function byteByByte(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
}

/** The bytes in pieces that end at these positions, modulo their length. */
export function splitAt(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const ends = positions.map((position) => position % Math.max(1, bytes.length))
  const sorted = [0, ...ends.toSorted((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
}

/** Whole, byte by byte, and in two pieces at each position. */
export function everySplit(bytes: Buffer): Buffer[][] {
  const inTwo = Array.from(bytes, (_, i) => [bytes.subarray(0, i), bytes.subarray(i)])
  return [[bytes], byteByByte(bytes), ...inTwo]
}

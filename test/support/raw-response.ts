/** One response as a client reads it from its connection, and a client that shows the bytes so far. */
import type { Socket } from 'node:net'

import { takeChunks } from './lenient-upstream.ts'
import { open, statusOf } from './raw.ts'

export interface RawResponse {
  readonly status: number
  /** Status line and headers. */
  readonly head: string
  readonly isChunked: boolean
  /** All bytes after the headers. */
  readonly rest: string
  /** Decoded; undefined unless it ends with the connection. */
  readonly body: string | undefined
}

/** @param text all bytes of a connection with one response. */
export function readResponse(text: string): RawResponse {
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end + 2)
  const rest = text.slice(end + 4)
  const isChunked = /^transfer-encoding: chunked\r$/im.test(head)
  const length = /^content-length: (\d+)\r$/im.exec(head)?.[1]
  const chunks = isChunked ? takeChunks(rest) : undefined
  const isWhole = isChunked
    ? chunks?.rest === ''
    : length === undefined || Number(length) === rest.length
  return {
    status: statusOf(text),
    head,
    isChunked,
    rest,
    body: isWhole ? (chunks?.body ?? rest) : undefined,
  }
}

export interface RawClient {
  readonly socket: Socket
  /** All bytes so far, in latin1. */
  text(): string
  /** The gateway has ended the connection. */
  isEnded(): boolean
}

/** A client that keeps its connection when the gateway ends it, and after it has ended its own side. */
export async function openClient(port: number): Promise<RawClient> {
  return clientOn(await open(port, '127.0.0.1', true))
}

export function clientOn(socket: Socket): RawClient {
  let text = ''
  let isEnded = false
  socket
    .setEncoding('latin1')
    .on('data', (part: string) => (text += part))
    .once('end', () => (isEnded = true))
    .once('close', () => (isEnded = true))
  return { socket, text: () => text, isEnded: () => isEnded }
}

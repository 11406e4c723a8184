/** How node:http reads the same bytes, without a socket: its parser in its default, strict mode. */
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'

export interface NodeHead {
  /** Empty in a response. */
  readonly method: string
  readonly target: string
  /** 0 in a request. */
  readonly status: number
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

export interface NodeMessage {
  readonly head: NodeHead
  body: string
  isComplete: boolean
}

export interface NodeReading {
  readonly messages: NodeMessage[]
  /** The code of the parser's error; undefined if more bytes could follow. */
  problem: string | undefined
}

/** Like the limit of the readers under test, and larger than every message of the tests. */
const MOST_HEAD_BYTES = 1024 * 1024

export class NodeServer {
  readonly #server: Server
  #reading: NodeReading = { messages: [], problem: undefined }

  constructor() {
    // gateway/admit/ checks for a Host, not the reader.
    const options = { maxHeaderSize: MOST_HEAD_BYTES, requireHostHeader: false }
    this.#server = createServer(options, (req, res) => {
      collect(this.#reading, req)
      res.end()
    })
    // Node silently drops the headers beyond the limit; 0 is no limit.
    this.#server.maxHeadersCount = 0
    for (const event of ['checkContinue', 'checkExpectation'] as const)
      this.#server.on(event, (req: IncomingMessage, res: ServerResponse) => {
        collect(this.#reading, req)
        res.end()
      })
    this.#server.on('connect', (req: IncomingMessage) => {
      collect(this.#reading, req)
    })
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.#reading.problem ??= error.code ?? error.message
      socket.destroy()
    })
  }

  async read(chunks: readonly Buffer[]): Promise<NodeReading> {
    const reading: NodeReading = { messages: [], problem: undefined }
    this.#reading = reading
    const socket = silentSocket()
    this.#server.emit('connection', socket)
    await fed(socket, chunks)
    socket.destroy()
    await turn()
    return reading
  }
}

/** A connection whose other side sends the bytes of the test and ignores all writes. */
function silentSocket(): Duplex {
  return new Duplex({
    read() {
      // Pushed by the test.
    },
    write(_chunk, _encoding, done) {
      done()
    },
  })
}

async function fed(socket: Duplex, chunks: readonly Buffer[]): Promise<void> {
  await turn()
  for (const chunk of chunks) if (chunk.length > 0 && !socket.destroyed) socket.push(chunk)
  await turn()
  await turn()
}

function collect(reading: NodeReading, message: IncomingMessage): void {
  const collected: NodeMessage = {
    head: {
      method: message.method ?? '',
      target: message.url ?? '',
      status: message.statusCode ?? 0,
      httpVersion: message.httpVersion,
      rawHeaders: message.rawHeaders,
    },
    body: '',
    isComplete: false,
  }
  reading.messages.push(collected)
  // Straight from the parser: 'data' and 'end' come later, or never if an error follows in the same packet.
  const push = message.push.bind(message)
  message.push = (bytes: Buffer | null) => {
    if (bytes === null) collected.isComplete = message.complete
    else collected.body += bytes.toString('latin1')
    return push(bytes)
  }
  message.on('error', () => {
    // An aborted message stays incomplete.
  })
  message.resume()
}

/** @param isEnded the app ends the connection after its bytes. */
export async function readByNodeClient(
  chunks: readonly Buffer[],
  method: string,
  isEnded: boolean,
): Promise<NodeReading> {
  const reading: NodeReading = { messages: [], problem: undefined }
  const socket = silentSocket()
  const req = request({
    method,
    createConnection: () => socket,
    maxHeaderSize: MOST_HEAD_BYTES,
    insecureHTTPParser: false,
  })
  req.maxHeadersCount = 0
  req.on('response', (response) => {
    collect(reading, response)
  })
  req.on('upgrade', (response: IncomingMessage) => {
    collect(reading, response)
    const last = reading.messages.at(-1)
    if (last !== undefined) last.isComplete = true
  })
  req.on('error', (error: NodeJS.ErrnoException) => {
    reading.problem ??= error.code ?? error.message
  })
  req.end()
  await fed(socket, chunks)
  if (isEnded) {
    socket.push(null)
    await turn()
    await turn()
  }
  const result = { ...reading, messages: reading.messages.map((message) => ({ ...message })) }
  socket.destroy()
  req.destroy()
  await turn()
  return result
}

/**
 * Clients that upload many bytes of zeros to a server that refuses them. Each reports the received response, so
 * that a test can count the responses that a reset destroyed (RFC 9112 section 9.6).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

import { Agent as UndiciAgent, request as undiciRequest } from 'undici'

import type { GoClient, GoOutcome } from './go-client.ts'

export interface Upload {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly size: number
  readonly chunked: boolean
  /** Each upload follows a GET on a kept connection. Otherwise each has its own connection. */
  readonly keep: boolean
  readonly count: number
}

/** @returns for each upload `STATUS` if the response arrived completely, else the error. */
export type UploadClient = (upload: Upload) => Promise<readonly string[]>

/** Judged by the announced length of the response: each refusal has a body. */
function outcomeOf(status: number, announced: number, received: number): string {
  const isWhole = announced > 0 && received === announced
  return isWhole ? String(status) : `${String(status)}, cut short`
}

const PIECE_SIZE = 65_536
const TIMEOUT_MS = 10_000
const LATE = 'no response in time'

/** In pieces, as clients read files. */
function* piecesOf(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= PIECE_SIZE) yield Buffer.alloc(Math.min(left, PIECE_SIZE))
}

function lengthOf({ chunked, size }: Upload): Record<string, string> {
  return chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(size) }
}

async function inTurn(count: number, once: () => Promise<string>): Promise<readonly string[]> {
  const outcomes: string[] = []
  for (let i = 0; i < count; i += 1) {
    const late = sleep(TIMEOUT_MS, LATE, { ref: false })
    const outcome = await Promise.race([once().catch(codeOf), late])
    outcomes.push(outcome)
    // The next one would wait for its connection.
    if (outcome === LATE) break
  }
  return outcomes
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}

/** Each upload has its own agent, because a proxy may close the connection of the previous upload. */
export const nodeHttp: UploadClient = (upload) =>
  inTurn(upload.count, async () => {
    const agent = new Agent({ keepAlive: upload.keep, maxSockets: 1 })
    try {
      if (upload.keep) await getWith(upload, agent)
      return await postWith(upload, agent)
    } finally {
      agent.destroy()
    }
  })

function getWith({ url }: Upload, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent }, (response) => {
      response.resume().on('end', resolve).on('error', reject)
    })
    request.on('error', reject).end()
  })
}

function postWith(upload: Upload, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { ...upload.headers, ...lengthOf(upload) }
    const request = httpRequest(upload.url, { method: 'POST', agent, headers })
    request.on('error', reject).on('response', (response: IncomingMessage) => {
      received(response)
        .then(resolve, reject)
        .finally(() => request.destroy())
    })
    Readable.from(piecesOf(upload.size), { objectMode: false }).pipe(request)
  })
}

async function received(response: IncomingMessage): Promise<string> {
  const body = await text(response)
  const announced = Number(response.headers['content-length'])
  return outcomeOf(response.statusCode ?? 0, announced, body.length)
}

export const undici: UploadClient = (upload) =>
  inTurn(upload.count, async () => {
    const dispatcher = new UndiciAgent({ connections: 1 })
    try {
      if (upload.keep) await (await undiciRequest(upload.url, { dispatcher })).body.dump()
      const length = upload.chunked ? {} : { 'content-length': String(upload.size) }
      const { statusCode, headers, body } = await undiciRequest(upload.url, {
        method: 'POST',
        dispatcher,
        reset: !upload.keep,
        headers: { ...upload.headers, ...length },
        body: Readable.from(piecesOf(upload.size), { objectMode: false }),
      })
      const whole = await body.text()
      return outcomeOf(statusCode, Number(headers['content-length']), whole.length)
    } finally {
      await dispatcher.destroy()
    }
  })

/**
 * Reads nothing before all its bytes are written, as simple clients do. It keeps no connection: `keep` only
 * changes its headers.
 */
export const sendsAllFirst: UploadClient = (upload) =>
  inTurn(upload.count, async () => {
    const { hostname, port, pathname, host } = new URL(upload.url)
    const fields = { host, connection: upload.keep ? 'keep-alive' : 'close', ...upload.headers }
    const lines = Object.entries({ ...fields, ...lengthOf(upload) }).map(
      ([name, value]) => `${name}: ${value}`,
    )
    const socket = connect(Number(port), hostname).on('error', () => undefined)
    await once(socket, 'connect')
    try {
      socket.write(`POST ${pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      for (const piece of piecesOf(upload.size)) {
        const size = `${piece.length.toString(16)}\r\n`
        await written(socket, upload.chunked ? [size, piece, '\r\n'] : [piece])
      }
      if (upload.chunked) await written(socket, ['0\r\n\r\n'])
      const response = await text(socket)
      const [head = '', body = ''] = response.split('\r\n\r\n')
      const announced = Number(/^content-length: (\d+)/im.exec(head)?.[1])
      return outcomeOf(Number(head.split(' ')[1]), announced, body.length)
    } finally {
      socket.destroy()
    }
  })

function written(socket: ReturnType<typeof connect>, parts: readonly (string | Buffer)[]) {
  return new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)))
    socket.write(bytes, (error) => {
      socket.off('error', reject)
      if (error) reject(error)
      else resolve()
    })
  })
}

/** All uploads in one process, so that it can keep its connections. */
export const curl: UploadClient = async ({ url, headers, size, chunked, keep, count }) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'curl-'))
  const file = path.join(folder, 'zeros')
  writeFileSync(file, Buffer.alloc(size))
  const lines = [
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    // Removed; curl would send it for a body of more than 1 MiB.
    'Expect:',
    ...(chunked ? ['Transfer-Encoding: chunked'] : []),
    ...(keep ? [] : ['Connection: close']),
  ].flatMap((line) => ['-H', line])
  const format = '%{method} %{http_code} %{exitcode} %header{content-length} %{size_download}\\n'
  const common = ['-s', '-o', '/dev/null', '--max-time', '10', '-w', format, url]
  const post = ['-X', 'POST', '--data-binary', `@${file}`, ...lines, ...common]
  const transfers = keep ? [common, post] : [post]
  const all = Array.from({ length: count }, () => transfers).flat()
  const child = spawn(
    'curl',
    all.flatMap((one) => ['--next', ...one]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const printed = await text(child.stdout)
  rmSync(folder, { recursive: true })
  return printed
    .split('\n')
    .filter((line) => line.startsWith('POST'))
    .map((line) => {
      const [, status, exit = '', announced, got] = line.split(' ')
      if (exit !== '0') return `exit code ${exit}`
      return outcomeOf(Number(status), Number(announced), Number(got))
    })
}

/** @param more flags of the program. */
export const goClient =
  (client: GoClient, more: readonly string[] = []): UploadClient =>
  async ({ url, headers, size, chunked, keep, count }) => {
    const fields = Object.entries(headers).flatMap(([name, value]) => [
      '-header',
      `${name}: ${value}`,
    ])
    const flags = [`-chunked=${String(chunked)}`, `-keep=${String(keep)}`]
    const numbers = ['-size', String(size), '-count', String(count)]
    const seen = await client.run(['-url', url, ...flags, ...numbers, ...fields, ...more])
    return seen.map(outcomeOfGo)
  }

function outcomeOfGo({ status, length, received: got, error }: GoOutcome): string {
  // The cause follows the address in the error.
  return error === '' ? outcomeOf(status, length, got) : error.replace(/^.*: /, '')
}

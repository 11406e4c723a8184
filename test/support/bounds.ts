/**
 * A gateway in its own process, so that its memory can be measured, with a good app and one that sends the
 * bytes of the test, and the clients that attack it from either side.
 */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect } from 'vitest'

import { callBytes, freshBody } from './attack.ts'
import {
  patient,
  processKey,
  startGatewayProcess,
  sumOf,
  type GatewayProcess,
} from './gateway-process.ts'
import { serveBeside } from './good-client.ts'
import { startLenientUpstream } from './lenient-upstream.ts'
import { open } from './raw.ts'
import { signatureHeader } from './sender.ts'

export const MIB = 1_048_576

/** Longer than any test, so that another limit ends each connection. */
export const FAR = '10m'

/** Limits with which no time limit ends an attack before its length limit does. */
export const untimed = {
  headersTimeout: FAR,
  bodyTimeout: FAR,
  bodyIdleTimeout: FAR,
  minBodyRate: '0B/s',
  responseStallTimeout: FAR,
}

/**
 * Growth of the resident set that does not indicate an unbounded buffer: a young heap that has not been
 * collected, and some kilobytes for each connection. Each attack sends several times as much.
 */
const MOST_GROWTH = 192 * MIB

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** The maximum of received bytes that an app keeps for the test. */
const MOST_KEPT = 65_536

export interface RawApp {
  readonly url: string
  /** All connections that the gateway opened, closed ones included. */
  readonly sockets: Socket[]
  /** Connections that the gateway has not closed yet. */
  readonly openCount: () => number
  /** The last bytes that the gateway sent, in latin1. */
  readonly received: () => string
}

/** @param onSocket is called for each connection. The app never closes a connection unless `onSocket` does. */
export async function startRawApp(onSocket: (socket: Socket) => void): Promise<RawApp> {
  const sockets: Socket[] = []
  const isOpen = new Set<Socket>()
  let received = ''
  const note = (bytes: Buffer) => {
    received = (received + bytes.toString('latin1')).slice(-MOST_KEPT)
  }
  // The server does not close a connection on the gateway's FIN alone, so that a half-closed connection stays
  // visible.
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    isOpen.add(socket)
    const forget = () => isOpen.delete(socket)
    socket.on('error', forget).on('end', forget).on('close', forget)
    onSocket(socket)
    if (!socket.isPaused()) socket.on('data', note)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    sockets,
    openCount: () => isOpen.size,
    received: () => received,
  }
}

/** An app that responds in this way to the first bytes of each connection, and reads everything. */
export function startResponder(respond: (socket: Socket) => void): Promise<RawApp> {
  return startRawApp((socket) => {
    socket.once('data', () => {
      respond(socket)
    })
  })
}

/** The routes to the app of the test: a signed request, a plain one, and a WebSocket handshake. */
export const kinds = ['an Inngest route', 'a passthrough route', 'a WebSocket handshake'] as const

export type Kind = (typeof kinds)[number]

export interface Scene {
  readonly gateway: GatewayProcess
  readonly app: RawApp
  readonly sign: (body: string) => string
  /** Bytes of a fresh request that the app of the test gets. */
  readonly request: (kind: Kind, body?: string) => string
  /** The reasons of all logged requests to the app of the test. */
  readonly reasons: () => unknown[]
  readonly metric: (name: string) => Promise<number>
  /**
   * Runs an attack next to a good client, which must be served each time, and compares the resident set
   * of the gateway before with its peak.
   */
  readonly withstand: <T>(attack: () => Promise<T>) => Promise<T>
}

/** @param config merged over the routes, without time limits that would end an attack first. */
export async function startScene(app: RawApp, config: object = {}): Promise<Scene> {
  const good = await startLenientUpstream()
  stops.push(() => {
    good.stop()
  })
  const signingKeys = [{ env: 'INNGEST_SIGNING_KEY' }]
  const gateway = await startGatewayProcess(good.url, {
    routes: [
      { name: 'good', upstream: good.url, signingKeys },
      { name: 'signed', path: '/signed', upstream: app.url, signingKeys },
      { name: 'plain', path: '/plain', policy: 'passthrough', upstream: app.url },
    ],
    ...config,
  })
  const sign = (body: string) => signatureHeader(processKey, body, Math.floor(Date.now() / 1000))
  const request = (kind: Kind, body = freshBody()) => {
    if (kind === 'a passthrough route') return plainRequest()
    if (kind === 'a WebSocket handshake') return handshake
    const length = `Content-Length: ${String(body.length)}`
    const fields = [length, `X-Inngest-Signature: ${sign(body)}`, 'Connection: close']
    return callBytes(body, fields, 'POST /signed HTTP/1.1')
  }
  const requests = () => gateway.log.filter(({ msg }) => msg === 'request')
  return {
    gateway,
    app,
    sign,
    request,
    reasons: () => requests().flatMap((line) => (line['route'] === 'good' ? [] : [line['reason']])),
    metric: async (name) => {
      const { body } = await gateway.ops('/metrics')
      return sumOf(body, `inngest_gateway_${name} `)
    },
    withstand: (attack) => withstand(gateway, sign, attack),
  }
}

const plainRequest = () => callBytes('', ['Connection: close'], 'GET /plain HTTP/1.1')

const handshake = callBytes(
  '',
  ['Connection: Upgrade', 'Upgrade: websocket'],
  'GET /plain HTTP/1.1',
)

/** Requests before the first measurement, for compiled code and buffers that are allocated once. */
const WARM_UP = 10

async function withstand<T>(
  gateway: GatewayProcess,
  sign: (body: string) => string,
  attack: () => Promise<T>,
): Promise<T> {
  const good = serveBeside({ gateway, sign })
  const isWarm = () => gateway.log.filter(({ msg }) => msg === 'request').length >= WARM_UP
  await expect.poll(isWarm, patient).toBe(true)
  const pid = gateway.child.pid ?? 0
  const before = memory(pid, 'VmRSS')
  // Resets the peak to the current value (proc_pid_clear_refs(5)).
  writeFileSync(`/proc/${String(pid)}/clear_refs`, '5')
  const result = await attack()
  const growth = memory(pid, 'VmHWM') - before
  const { asked, served } = await good.stop()
  console.log(
    `gateway grew by ${(growth / MIB).toFixed(0)} MiB from ${(before / MIB).toFixed(0)} MiB; good client ${String(served)} of ${String(asked)}`,
  )
  expect(growth).toBeLessThan(MOST_GROWTH)
  expect(asked).toBeGreaterThan(0)
  expect(served).toBe(asked)
  return result
}

/** @param name of a line in proc_pid_status(5). */
function memory(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}

/** Polls, because the lines of a log arrive later than the responses. */
export async function expectReasons({ reasons }: Scene, expected: readonly unknown[]) {
  await expect.poll(reasons, patient).toEqual(expected)
}

/** Waits until nothing of the attack is left: requests, bytes of bodies, connections of both sides. */
export async function expectNothingLeft({ app, metric }: Scene): Promise<void> {
  const held = async () => [
    await metric('requests_in_flight'),
    await metric('buffered_bytes'),
    await metric('connections'),
    app.openCount(),
  ]
  await expect.poll(held, patient).toEqual([0, 0, 0, 0])
}

export interface RawClient {
  readonly socket: Socket
  /** The bytes received so far, in latin1. */
  readonly received: () => string
  /** Resolves when the gateway has ended the connection, or after `waitMs`. */
  readonly ended: () => Promise<string>
}

const WAIT_MS = 15_000

/** A client that sends `bytes` and stays until the gateway ends the connection. */
export async function connectRaw(port: number, bytes: string, from?: string): Promise<RawClient> {
  const socket = await open(port, from, true)
  stops.push(() => socket.destroy())
  let text = ''
  const over = new Promise<void>((resolve) => {
    const end = () => {
      socket.destroy()
      resolve()
    }
    socket.once('end', end).once('close', end)
  })
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  socket.write(bytes, 'latin1')
  return {
    socket,
    received: () => text,
    ended: async () => {
      const timer = new AbortController()
      const late = sleep(WAIT_MS, undefined, { signal: timer.signal }).catch(() => undefined)
      await Promise.race([over, late])
      timer.abort()
      return socket.destroyed ? text : 'still open'
    },
  }
}

/**
 * Sends `count` requests of each kind.
 * @returns the outcome of each.
 */
export async function outcomesOf(
  { gateway, request }: Scene,
  count: number,
  outcome: (text: string) => string,
): Promise<Record<Kind, string[]>> {
  const entries = kinds.map(async (kind) => {
    const clients = Array.from({ length: count }, async () => {
      const client = await connectRaw(gateway.port, request(kind))
      return outcome(await client.ended())
    })
    return [kind, await Promise.all(clients)] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as Record<Kind, string[]>
}

/** The same for each kind. */
export function forEachKind(count: number, outcome: string): Record<Kind, string[]> {
  const outcomes = Array<string>(count).fill(outcome)
  return Object.fromEntries(kinds.map((kind) => [kind, outcomes])) as Record<Kind, string[]>
}

/** The status of the only response, or `cut` if it is incomplete. */
export function outcome(text: string): string {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? []
  if (status === undefined) return text === '' ? 'closed' : text.slice(0, 100)
  const isChunked = /^transfer-encoding: chunked\r$/im.test(text)
  return status === '200' && isChunked && !text.endsWith('\r\n0\r\n\r\n') ? 'cut' : status
}

/**
 * Many clients that interrupt, split and pipeline at random (threats D3, D16): each response must belong to the
 * request that it comes for, each body must arrive at the app as it was sent, and the process must outlive it:
 *
 *   POST /echo/17 … (half of the body) RST        GET /echo/18 … GET /echo/19 … FIN
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'

import { callBytes, expectQuiet, startTarget, type Target } from '../support/attack.ts'
import { takeRequest } from '../support/lenient-upstream.ts'
import { open } from '../support/raw.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** A generator of its own, so that a seed gives the same test again (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

interface Echo {
  readonly url: string
  /** Bodies by path, as they arrived. */
  readonly bodies: Map<string, string>
  /** What came on a connection and is no request of the test. */
  readonly foreign: string[]
}

/** Responds with the path and the body, in one of several framings and packets, and sometimes breaks off. */
async function startEcho(random: (below: number) => number): Promise<Echo> {
  const bodies = new Map<string, string>()
  const foreign: string[] = []
  const respond = (socket: Socket, path: string, body: string) => {
    const text = `<${path} ${body}>`
    const length = `HTTP/1.1 200 OK\r\nContent-Length: ${String(text.length)}\r\n\r\n${text}`
    const chunk = `${text.length.toString(16)}\r\n${text}\r\n`
    const chunks = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`
    switch (random(9)) {
      case 0:
        socket.end(`HTTP/1.1 200 OK\r\n\r\n${text}`)
        return
      case 1:
        socket.write(length.slice(0, -3))
        setTimeout(() => socket.resetAndDestroy(), 5)
        return
      case 2:
        socket.destroy()
        return
      case 3:
        socket.write(`HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n${length}`)
        return
      case 4:
        // Followed by what would be the response to the next request, if it were taken for that.
        socket.write(`${length}HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<smuggle>`)
        return
      case 5:
      case 6: {
        const at = random(chunks.length)
        socket.write(chunks.slice(0, at))
        setTimeout(() => socket.write(chunks.slice(at)), random(20))
        return
      }
      default:
        setTimeout(() => socket.write(length), random(20))
    }
  }
  const server = createServer((socket) => {
    let pending = ''
    socket.setEncoding('latin1').on('error', () => undefined)
    socket.on('data', (text: string) => {
      pending += text
      for (let taken = takeRequest(pending); taken; taken = takeRequest(pending)) {
        pending = taken.rest
        const { line, body } = taken.request
        const [, path] = /^(?:GET|POST) (\/echo\/\d+) HTTP\/1\.1$/.exec(line) ?? []
        if (path === undefined) foreign.push(line)
        else {
          bodies.set(path, body)
          respond(socket, path, body)
        }
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => server.close())
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { url, bodies, foreign }
}

interface Sent {
  readonly path: string
  readonly body: string
  readonly bytes: string
}

let serial = 0

function requestOf(random: (below: number) => number): Sent {
  serial += 1
  const path = `/echo/${String(serial)}`
  if (random(3) === 0) return { path, body: '', bytes: callBytes('', [], `GET ${path} HTTP/1.1`) }
  const inner = callBytes('', [], 'GET /inner HTTP/1.1').repeat(random(4))
  const body = `${String(serial)} ${inner}`
  const isChunked = random(2) === 0
  const half = random(body.length - 1) + 1
  const chunk = (text: string) => (text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`)
  const wire = `${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n`
  const framing = isChunked
    ? 'Transfer-Encoding: chunked'
    : `Content-Length: ${String(body.length)}`
  return {
    path,
    body,
    bytes: callBytes(isChunked ? wire : body, [framing], `POST ${path} HTTP/1.1`),
  }
}

/** One connection: a few requests in random pieces, and one of several ends. @returns what came back, and for what. */
async function attack(target: Target, random: (below: number) => number) {
  const sent = Array.from({ length: 1 + random(5) }, () => requestOf(random))
  const whole = sent.map(({ bytes }) => bytes).join('')
  const wire = random(4) === 0 ? whole.slice(0, random(whole.length)) : whole
  const socket = await open(target.gateway.port, '127.0.0.1', true)
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  for (let at = 0; at < wire.length && socket.writable;) {
    const end = at + 1 + random(random(2) === 0 ? 40 : 2000)
    socket.write(wire.slice(at, end), 'latin1')
    at = end
    if (random(3) === 0) await sleep(random(4))
  }
  const how = random(4)
  if (how === 0) {
    await sleep(random(20))
    socket.resetAndDestroy()
  } else {
    if (how === 1) socket.end()
    await Promise.race([once(socket, 'close'), sleep(300)])
    socket.destroy()
  }
  return { sent, text }
}

it.each([1, 2, 3])(
  'keeps every request and response apart from each other (seed %i)',
  async (seed) => {
    const random = randomOf(seed)
    const app = await startEcho(random)
    const target = await startTarget({
      routes: [{ name: 'app', policy: 'passthrough', upstream: app.url }],
    })
    const all: Sent[] = []
    for (let round = 0; round < 12; round += 1) {
      const attacks = await Promise.all(Array.from({ length: 25 }, () => attack(target, random)))
      for (const { sent, text } of attacks) {
        all.push(...sent)
        expect(text).not.toContain('<smuggle>')
        // Responses come in the order of the requests, and each has the path of its own.
        const paths = [...text.matchAll(/<(\/echo\/\d+) /g)].map(([, path]) => path)
        const order = paths.map((path) => sent.findIndex((each) => each.path === path))
        expect(order).not.toContain(-1)
        expect(order).toEqual([...order].sort((one, other) => one - other))
      }
    }
    expect(app.foreign).toEqual([])
    const bodies = new Map(all.map(({ path, body }) => [path, body]))
    for (const [path, body] of app.bodies) expect(body).toBe(bodies.get(path))
    expect(app.bodies.size).toBeGreaterThan(100)
    await expectQuiet(target)
  },
)

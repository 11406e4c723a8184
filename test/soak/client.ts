/** Sends requests, some of them on a connection of their own and some on one that is kept. */
import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'

import type { Wire } from './wire.ts'

export interface Answer {
  readonly status: number
  /** The mark of the request that the app answered; undefined if the gateway answered. */
  readonly appMark: number | undefined
}

/** In turn: one that is never used would be closed by the gateway at the moment when it is. */
const kept = new Agent({ keepAlive: true, maxSockets: 32, scheduling: 'fifo' })

export function closeConnections(): void {
  kept.destroy()
}

export function send(port: number, wire: Wire, isKept: boolean): Promise<Answer> {
  const { method, path, query, headers, body, from } = wire
  const length =
    body === '' && method === 'GET' ? [] : [['Content-Length', lengthOf(body)] as const]
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path: path + query,
        headers: [...headers, ...length].flat(),
        localAddress: from,
        agent: isKept ? kept : false,
      },
      (response) => {
        const mark = response.headers['x-soak-app']
        const appMark = typeof mark === 'string' ? Number(mark) : undefined
        response
          .on('error', reject)
          .on('end', () => {
            resolve({ status: response.statusCode ?? 0, appMark })
          })
          .resume()
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const lengthOf = (body: string) => String(Buffer.byteLength(body))

/** What is no HTTP. @returns the status of the answer, 0 if there is none. */
export function sendBytes(port: number, bytes: string): Promise<number> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ port, host: '127.0.0.1' })
    socket
      .setEncoding('latin1')
      .on('data', (part: string) => (text += part))
      .on('error', () => undefined)
      .on('close', () => {
        resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0))
      })
      .end(bytes, 'latin1')
  })
}

/**
 * An app that breaks off (the class of a truncated answer taken for a whole one): in HTTP/1.0 an
 * answer ends with its connection, so that what is cut short ends like what is whole:
 *
 *   GET /x HTTP/1.0 … HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"a":1,   (end)
 */
import net from 'node:net'
import { describe, expect, it } from 'vitest'

import { signedCall } from '../support/attack.ts'
import { plainRequest, startBefore } from '../support/raw-app.ts'

/** @param onBegun when the answer has begun to come. @returns how the connection ends for the client. */
async function endOf(port: number, request: string, onBegun: () => void): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1')
    if (received.includes('{"a":1,')) onBegun()
  })
  const how = await new Promise((resolve) => {
    socket.on('end', () => {
      resolve('ended')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code)
    })
    socket.write(request)
  })
  socket.destroy()
  return `${String(how)}${received.endsWith('0\r\n\r\n') ? ' whole' : ''}`
}

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

describe.each(['a signed call', 'a plain request'])('an answer to %s', (kind) => {
  it.each([
    ['1.1', 'ended'],
    ['1.0', 'ECONNRESET'],
  ])('does not look whole in HTTP/%s if it is cut short', async (version, how) => {
    let app: net.Socket | undefined
    const target = await startBefore((socket) => {
      app = socket
      socket.write(`${head}7\r\n{"a":1,\r\n`)
    })
    const request = kind === 'a signed call' ? signedCall(target) : plainRequest
    const bytes = request.replace('HTTP/1.1', `HTTP/${version}`)
    expect(await endOf(target.gateway.port, bytes, () => app?.destroy())).toBe(how)
    expect(target.reasons()).toEqual(['upstream_reset'])
  })
})

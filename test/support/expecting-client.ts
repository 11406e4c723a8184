/** Clients that send `Expect: 100-continue` and their body only after a 100 (RFC 9110 section 10.1.1). */
import { spawn } from 'node:child_process'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'

import type { GoClient } from './go-client.ts'

export interface Expecting {
  readonly port: number
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Met {
  readonly status: number
  /** Number of 100 responses that the client received. */
  readonly continues: number
  /** Whether the client has sent its body. */
  readonly isSent: boolean
}

export type ExpectingClient = (request: Expecting) => Promise<Met>

const EXPECT = { expect: '100-continue' }

/** It waits for the 100 without a time limit. */
export const nodeExpects: ExpectingClient = ({ port, target, headers, body }) =>
  new Promise((resolve, reject) => {
    let [continues, isSent] = [0, false]
    const length = { 'content-length': String(body.length) }
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: target,
      headers: { ...length, ...headers, ...EXPECT },
      agent: false,
    })
    request.flushHeaders()
    request.on('error', reject)
    request.on('continue', () => {
      continues += 1
      if (!isSent) request.end(body)
      isSent = true
    })
    request.on('response', (response) => {
      response.resume().on('error', reject)
      response.on('end', () => {
        request.destroy()
        resolve({ status: response.statusCode ?? 0, continues, isSent })
      })
    })
  })

/** It would send the body without a 100 after ten seconds. */
export const curlExpects: ExpectingClient = async ({ port, target, headers, body }) => {
  const lines = Object.entries({ ...headers, ...EXPECT }).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ])
  const url = `http://127.0.0.1:${String(port)}${target}`
  const format = ['-o', '/dev/null', '-w', '%{http_code} %{size_upload}']
  const args = ['-sv', '--expect100-timeout', '10', ...format, ...lines, '--data-binary', body, url]
  const child = spawn('curl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [printed, trace] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [status, sent] = printed.split(' ').map(Number)
  const continues = trace.match(/^< HTTP\/1\.1 100/gm)?.length ?? 0
  return { status: status ?? 0, continues, isSent: sent === body.length }
}

/** Go's client, with the same limit. */
export const goExpects =
  (client: GoClient): ExpectingClient =>
  async ({ port, target, headers, body }) => {
    const lines = Object.entries({ ...headers, ...EXPECT }).flatMap(([name, value]) => [
      '-header',
      `${name}: ${value}`,
    ])
    const url = `http://127.0.0.1:${String(port)}${target}`
    const [seen] = await client.run(['-url', url, '-body', body, '-expect', '10s', ...lines])
    if (seen === undefined || seen.error !== '') throw new Error(seen?.error ?? 'no outcome')
    return { status: seen.status, continues: seen.continue ? 1 : 0, isSent: seen.sent > 0 }
  }

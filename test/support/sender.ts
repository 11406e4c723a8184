/** Signs like Inngest's server. It imports nothing from the gateway, so that both cannot have the same bug. */
import { createHmac } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'

export function signatureHeader(
  key: string,
  body: string | Buffer,
  timestampSeconds: number,
): string {
  const bare = key.replace(/^signkey-\w+-/, '')
  const mac = createHmac('sha256', bare).update(body).update(String(timestampSeconds)).digest('hex')
  return `t=${String(timestampSeconds)}&s=${mac}`
}

export interface SentRequest {
  readonly port: number
  readonly method?: string
  readonly target?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Buffer
  /** Another loopback address as the source. */
  readonly from?: string
  /** To connect to; by default 127.0.0.1. */
  readonly host?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export function send({
  port,
  method = 'POST',
  target = '/api/inngest',
  headers = {},
  body = '',
  from,
  host = '127.0.0.1',
}: SentRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length =
      body.length === 0 || 'transfer-encoding' in headers
        ? {}
        : { 'content-length': String(Buffer.byteLength(body)) }
    const options = {
      host,
      port,
      method,
      path: target,
      headers: { ...length, ...headers },
      ...(from !== undefined && { localAddress: from }),
      agent: false as const,
    }
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** One call from this process, for what needs no load. */
import { request as httpRequest, type Agent } from 'node:http'

export interface Call {
  readonly signature: string
  readonly body: Buffer
}

/** @param agent a connection of its own if there is none. @returns the status. */
export function post(
  port: number,
  { signature, body }: Call,
  agent?: Agent,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': String(body.length),
      'x-inngest-signature': signature,
    }
    const target = '/api/inngest?fnId=shop-order&stepId=step'
    const where = { host: '127.0.0.1', port, method: 'POST', path: target }
    const request = httpRequest({ ...where, headers, agent: agent ?? false }, (response) => {
      response.resume().once('end', () => {
        resolve(response.statusCode)
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Before anything is measured: a candidate does what it says it does. */
import { request as httpRequest } from 'node:http'

import type { Candidate } from './candidates.ts'
import type { SignedLoad } from './signed-load.ts'

/**
 * One good call is answered with 200; with a byte of the body changed, and sent twice, it is refused
 * by whoever checks that. @throws otherwise
 */
export async function probe(candidate: Candidate, port: number, load: SignedLoad): Promise<void> {
  const { signature, body } = load.single()
  const isVerifying = candidate.checks !== 'none'
  const expectations = [
    { what: 'a good call', sent: body, status: 200 },
    { what: 'a changed body', sent: changed(body), status: isVerifying ? 401 : 200 },
    { what: 'the same call again', sent: body, status: candidate.isReplayProof ? 409 : 200 },
  ]
  for (const { what, sent, status } of expectations) {
    const answered = await post(port, signature, sent)
    if (answered === status) continue
    throw new Error(
      `${candidate.name} answers ${what} with ${String(answered)}, not ${String(status)}`,
    )
  }
}

/** Of the same length, and still JSON. */
function changed(body: string): string {
  return body.replace('"order/placed"', '"order/places"')
}

function post(port: number, signature: string, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'x-inngest-signature': signature,
    }
    const target = '/api/inngest?fnId=shop-order&stepId=step'
    const options = { host: '127.0.0.1', port, method: 'POST', path: target, headers, agent: false }
    const request = httpRequest(options, (response) => {
      response.resume().once('end', () => {
        resolve(response.statusCode)
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

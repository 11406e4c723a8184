/** Before anything is measured: a candidate does what it says it does. */
import type { Candidate } from './candidates.ts'
import { post } from './post.ts'
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
    const answered = await post(port, { signature, body: sent })
    if (answered === status) continue
    throw new Error(
      `${candidate.name} answers ${what} with ${String(answered)}, not ${String(status)}`,
    )
  }
}

/** Of the same length, and still JSON. */
function changed(body: Buffer): Buffer {
  return Buffer.from(body.toString().replace('order/placed', 'order/places'))
}

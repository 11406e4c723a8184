/** Reads a request body as raw bytes, bounded in size, in time, in rate and in memory. */
import type { ClientRequest } from '../accept/client-request.ts'
import { Body } from '../inngest/body.ts'
import { fieldValues } from '../admit/request-head.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { LimitsPolicy } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import { BodyBuffer } from './body-buffer.ts'
import type { BodyPaces } from './body-pace.ts'
import type { Hold } from './capacity.ts'

/**
 * @param hold must allow memory before it is used.
 * @throws GatewayFault `downstream_closed` if the client leaves in the middle.
 */
export function readBody(
  request: ClientRequest,
  hold: Hold,
  paces: BodyPaces,
  limits: LimitsPolicy,
): Promise<Verdict<Body>> {
  if (request.isComplete) return Promise.resolve(pass(new Body([])))
  const announced = Number(fieldValues(request.head.rawHeaders, 'content-length')[0] ?? 0)
  if (announced > limits.maxBodyBytes) return Promise.resolve(refuse('body_too_large'))
  return new Promise((resolve, reject) => {
    const buffer = new BodyBuffer((bytes) => hold.reserve(bytes))
    const stop = (reason: Reason) => {
      paces.stop(pace)
      request.stopReading()
      resolve(refuse(reason))
    }
    const pace = paces.start(limits, stop)
    request.read({
      onPiece: (piece) => {
        pace.arrived(piece.length)
        if (buffer.length + piece.length > limits.maxBodyBytes) stop('body_too_large')
        else if (!buffer.append(piece)) stop('buffer_full')
      },
      onEnd: () => {
        paces.stop(pace)
        resolve(pass(buffer.body()))
      },
      onInvalid: () => {
        stop('request_unparsable')
      },
      onGone: () => {
        paces.stop(pace)
        reject(new GatewayFault('downstream_closed'))
      },
    })
  })
}

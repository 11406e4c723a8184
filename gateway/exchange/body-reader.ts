/** Reads a request body as raw bytes, with bounded size, time, rate and memory. */
import type { BodyHandler, ClientRequest } from '../accept/client-request.ts'
import { Body } from '../inngest/body.ts'
import { fieldValues } from '../admit/request-head.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { LimitsPolicy } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import { BodyBuffer } from './body-buffer.ts'
import type { BodyPace, BodyPaces } from './body-pace.ts'
import type { Hold } from './capacity.ts'

/**
 * @param hold reserves memory before it is used.
 * @throws GatewayFault `downstream_closed` if the client leaves before the end of the body.
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
    request.read(new BodyReading(request, hold, paces, limits, resolve, reject))
  })
}

/** One body that is being read. */
class BodyReading implements BodyHandler {
  readonly #request: ClientRequest
  readonly #paces: BodyPaces
  readonly #pace: BodyPace
  readonly #buffer: BodyBuffer
  readonly #maxBytes: number
  readonly #resolve: (verdict: Verdict<Body>) => void
  readonly #reject: (fault: GatewayFault) => void

  constructor(
    request: ClientRequest,
    hold: Hold,
    paces: BodyPaces,
    limits: LimitsPolicy,
    resolve: (verdict: Verdict<Body>) => void,
    reject: (fault: GatewayFault) => void,
  ) {
    this.#request = request
    this.#paces = paces
    this.#buffer = new BodyBuffer(hold)
    this.#maxBytes = limits.maxBodyBytes
    this.#resolve = resolve
    this.#reject = reject
    this.#pace = paces.start(limits, (reason) => {
      this.#stop(reason)
    })
  }

  onPiece(piece: Buffer): void {
    this.#pace.arrived(piece.length)
    if (this.#buffer.length + piece.length > this.#maxBytes) this.#stop('body_too_large')
    else if (!this.#buffer.append(piece)) this.#stop('buffer_full')
  }

  onEnd(): void {
    this.#paces.stop(this.#pace)
    this.#resolve(pass(this.#buffer.body()))
  }

  onInvalid(): void {
    this.#stop('request_unparsable')
  }

  onGone(): void {
    this.#paces.stop(this.#pace)
    this.#reject(new GatewayFault('downstream_closed'))
  }

  #stop(reason: Reason): void {
    this.#paces.stop(this.#pace)
    this.#request.stopReading()
    this.#resolve(refuse(reason))
  }
}

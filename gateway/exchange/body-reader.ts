/** Reads a request body as raw bytes, bounded in size, in time, in rate and in memory. */
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Body } from '../inngest/body.ts'
import { fieldValues } from '../admit/request-head.ts'
import { GatewayFault } from '../admit/faults.ts'
import type { LimitsPolicy } from '../admit/policy.ts'
import type { Reason } from '../admit/reasons.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import { BodyBuffer } from './body-buffer.ts'
import type { BodyPaces } from './body-pace.ts'
import type { Exchange } from './exchange.ts'

export interface BodySource {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Its hold is asked before memory is taken; it is told how to end the reading, while it lasts. */
  readonly exchange: Exchange
  readonly paces: BodyPaces
}

/** @throws GatewayFault `downstream_closed` if the client leaves in the middle. */
export function readBody(source: BodySource, limits: LimitsPolicy): Promise<Verdict<Body>> {
  const { request, response } = source
  const announced = Number(fieldValues(request.rawHeaders, 'content-length')[0] ?? 0)
  if (announced > limits.maxBodyBytes) return Promise.resolve(refuse('body_too_large'))
  askForBody(request, response)
  return collect(source, limits)
}

/**
 * Only now: whoever waits for a 100 has passed every check of the head. Who speaks HTTP/1.0 waits for
 * none, and would take it for the answer (RFC 9110 10.1.1).
 */
export function askForBody(
  { rawHeaders, httpVersion }: IncomingMessage,
  response: ServerResponse,
): void {
  const isExternalAuth = fieldValues(rawHeaders, 'expect').length > 0
  if (isExternalAuth && httpVersion === '1.1') response.writeContinue()
}

function collect(
  { request, exchange, paces }: BodySource,
  limits: LimitsPolicy,
): Promise<Verdict<Body>> {
  return new Promise((resolve, reject) => {
    const buffer = new BodyBuffer((bytes) => exchange.hold.reserve(bytes))
    let isSettled = false
    const settle = () => {
      isSettled = true
      paces.stop(pace)
      exchange.setInterrupt(undefined)
    }
    const stop = (reason: Reason) => {
      if (isSettled) return
      settle()
      request.pause().off('data', onData)
      resolve(refuse(reason))
    }
    const onData = (chunk: Buffer) => {
      pace.arrived(chunk.length)
      if (buffer.length + chunk.length > limits.maxBodyBytes) stop('body_too_large')
      else if (!buffer.append(chunk)) stop('buffer_full')
    }
    const onEnd = () => {
      if (isSettled) return
      settle()
      resolve(pass(buffer.body()))
    }
    const onGone = () => {
      if (isSettled) return
      settle()
      reject(new GatewayFault('downstream_closed'))
    }
    const pace = paces.start(limits, stop)
    exchange.setInterrupt(stop)
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone)
  })
}

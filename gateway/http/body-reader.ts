/** Reads a request body as raw bytes, bounded in size and in time. */
import type { IncomingMessage, ServerResponse } from 'node:http'

import { fieldValues } from '../checks/request-head.ts'
import { GatewayFault } from '../errors.ts'
import type { LimitsPolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

/** @throws GatewayFault `downstream_closed` if the client leaves in the middle. */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limits: LimitsPolicy,
): Promise<Verdict<Uint8Array>> {
  const announced = Number(fieldValues(request.rawHeaders, 'content-length')[0] ?? 0)
  if (announced > limits.maxBodyBytes) return Promise.resolve(refuse('body_too_large'))
  // Only now is the body asked for: whoever waits for a 100 has passed every check of the head.
  if (request.headers.expect !== undefined) response.writeContinue()
  return collect(request, limits)
}

function collect(request: IncomingMessage, limits: LimitsPolicy): Promise<Verdict<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (end: () => void) => {
      clearTimeout(timer)
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone)
      end()
    }
    const stop = (reason: 'body_too_large' | 'body_timeout') => {
      request.pause()
      settle(() => {
        resolve(refuse(reason))
      })
    }
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length > limits.maxBodyBytes) stop('body_too_large')
      else chunks.push(chunk)
    }
    const onEnd = () => {
      const [only = Buffer.alloc(0)] = chunks
      settle(() => {
        resolve(pass(chunks.length > 1 ? Buffer.concat(chunks, length) : only))
      })
    }
    const onGone = () => {
      settle(() => {
        reject(new GatewayFault('downstream_closed'))
      })
    }
    const timer = setTimeout(() => {
      stop('body_timeout')
    }, limits.bodyTimeoutMs)
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone)
  })
}

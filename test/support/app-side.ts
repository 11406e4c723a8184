/** A pool of connections to an app that sends the bytes of the test, and the outcome of each call. */
import { afterEach } from 'vitest'

import type { UpstreamPolicy } from '../../gateway/admit/policy.ts'
import { UpstreamCall, type UpstreamRequest } from '../../gateway/forward/upstream-call.ts'
import { UpstreamPool, type UpstreamOptions } from '../../gateway/forward/upstream-pool.ts'

/** Longer than any test waits. */
const LONG_MS = 20_000

const OPTIONS: UpstreamOptions = {
  connectTimeoutMs: LONG_MS,
  responseTimeoutMs: LONG_MS,
  keepAliveTimeoutMs: LONG_MS,
  maxResponseHeaderBytes: 16_384,
}

const pools: UpstreamPool[] = []
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close()
})

export interface TestPool {
  readonly pool: UpstreamPool
  /** How often bytes arrived that belong to no response. */
  unexpected: number
}

export function startPool(
  upstream: string | UpstreamPolicy,
  options: Partial<UpstreamOptions> = {},
): TestPool {
  const policy =
    typeof upstream === 'string' ? { origin: upstream, socketPath: undefined, tls: {} } : upstream
  const started: TestPool = {
    pool: new UpstreamPool(policy, { ...OPTIONS, ...options }, () => (started.unexpected += 1)),
    unexpected: 0,
  }
  pools.push(started.pool)
  return started
}

export interface Outcome {
  readonly call: UpstreamCall
  /** The calls of the handler, in order; pieces with their bytes in latin1. */
  readonly events: string[]
  /** `end`, or the code of a fault, with `unsent` if the request may be sent again. */
  readonly ended: Promise<string>
}

export function sendCall(pool: UpstreamPool, changes: Partial<UpstreamRequest> = {}): Outcome {
  const { method = 'GET' } = changes
  const events: string[] = []
  const { promise: ended, resolve } = Promise.withResolvers<string>()
  const end = (event: string) => {
    events.push(event)
    resolve(event)
  }
  const request: UpstreamRequest = {
    method,
    head: `${method} / HTTP/1.1\r\nHost: app\r\n\r\n`,
    body: [],
    mayUpgrade: false,
    mayRepeat: true,
    ...changes,
  }
  const call = new UpstreamCall(request, {
    onConnected: () => events.push('connected'),
    onResponse: ({ status }) => events.push(String(status)),
    onPiece: (bytes) => events.push(bytes.toString('latin1')),
    onPause: () => undefined,
    onEnd: () => {
      end('end')
    },
    onSwitched: (socket, first) => {
      socket.destroy()
      end(`switched ${first.toString('latin1')}`)
    },
    onFault: ({ code, isUnsent }) => {
      end(isUnsent ? `${code} unsent` : code)
    },
  })
  pool.send(call)
  return { call, events, ended }
}

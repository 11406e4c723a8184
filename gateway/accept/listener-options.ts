/** How Node's parser treats whatever connects, on every listener that requests are judged on. */
import type { ServerOptions } from 'node:http'

import type { LimitsPolicy } from '../admit/policy.ts'

type ParserLimits = Pick<LimitsPolicy, 'headersTimeoutMs' | 'maxHeaderBytes' | 'keepAliveTimeoutMs'>

export function listenerOptions({
  headersTimeoutMs,
  maxHeaderBytes,
  keepAliveTimeoutMs,
}: ParserLimits): ServerOptions {
  return {
    headersTimeout: headersTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
    keepAliveTimeout: keepAliveTimeoutMs,
    // The body has a time of its own (body-pace.ts).
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(headersTimeoutMs, 1000),
    // Checked with everything else, so that the refusal is recorded.
    requireHostHeader: false,
    // Whatever NODE_OPTIONS says.
    insecureHTTPParser: false,
  }
}

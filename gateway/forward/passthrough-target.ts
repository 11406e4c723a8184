/** An upstream as http-proxy-3 takes it, and the connections to it. */
import { Agent as PlainAgent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'

import type { ServerOptions } from 'http-proxy-3'

import { withoutBrackets } from '../ip/authority.ts'
import type { UpstreamPolicy } from '../admit/policy.ts'
import type { ForwarderOptions } from './forwarder.ts'
import { SharedResources } from './shared-resources.ts'
import { certificateCheckOf } from './upstream-tls.ts'

export type UpstreamAgent = PlainAgent | TlsAgent

export type UpstreamAgents = SharedResources<UpstreamPolicy, UpstreamAgent>

export function createUpstreamAgents(): UpstreamAgents {
  return new SharedResources(createAgent, (agent) => {
    agent.destroy()
  })
}

function createAgent({ origin, tls }: UpstreamPolicy): UpstreamAgent {
  const { protocol } = new URL(origin)
  // Keep-alive: each request on a connection of its own would run a busy sidecar out of ports.
  if (protocol !== 'https:') return new PlainAgent({ keepAlive: true })
  const { serverName: _, ...material } = tls
  const verified = { ...certificateCheckOf({ origin, tls }), rejectUnauthorized: true }
  return new TlsAgent({ keepAlive: true, ...verified, ...material })
}

export function targetOf(
  { origin, socketPath, tls }: UpstreamPolicy,
  agent: UpstreamAgent,
  options: ForwarderOptions,
): ServerOptions {
  const { protocol, hostname, port } = new URL(origin)
  const host = withoutBrackets(hostname)
  const { serverName: _, ...material } = tls
  const target = {
    protocol,
    host,
    hostname: host,
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
  }
  return {
    target: socketPath === undefined ? { ...target, ...material } : { ...target, socketPath },
    agent,
    // Path and query as sent: otherwise dot segments in them would be resolved.
    toProxy: true,
    prependPath: false,
    secure: true,
    connectTimeout: options.connectTimeoutMs,
    proxyTimeout: options.responseTimeoutMs,
  }
}

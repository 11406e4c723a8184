/** http-proxy 1.18 as its README starts it, with a keep-alive agent and no check. */
import { Agent } from 'node:http'

import httpProxy from 'http-proxy'

import { peerSettings } from './peer-settings.ts'

const { port, upstreamPort } = peerSettings()

httpProxy
  .createProxyServer({
    target: `http://127.0.0.1:${upstreamPort}`,
    agent: new Agent({ keepAlive: true }),
  })
  .listen(port, '127.0.0.1')

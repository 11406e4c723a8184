/** The configuration of the gateway: its defaults, and a route for each part of the app. */
import { stringify } from 'yaml'

import { appIds } from './app.ts'

export const KEY_VARIABLE = 'LIVE_SIGNING_KEY'

/** With `&` and `<`, which the server signs in another form than it sends. */
const QUERY = '?a=1&b=%3C2%3E'

export interface Addresses {
  /** Where Inngest's server and users reach the app. */
  readonly port: number
  readonly upstream: string
}

const hostOf = (port: number) => `127.0.0.1:${String(port)}`

export function configurationOf({ port, upstream }: Addresses): string {
  const shared = { host: hostOf(port), upstream, signingKeys: [{ env: KEY_VARIABLE }] }
  return stringify({
    listen: { host: '127.0.0.1', port },
    ops: { host: '127.0.0.1', port: 0 },
    allowlist: ['127.0.0.0/8'],
    shutdown: { delay: '0s' },
    routes: [
      { name: 'app', path: '/api/inngest', apps: [appIds.functions], ...shared },
      { name: 'streaming', path: '/api/streaming', apps: [appIds.streaming], ...shared },
      { name: 'endpoints', policy: 'durable', path: '/endpoints', ...shared },
    ],
  })
}

/** What the server is given as `--sdk-url`. */
export function appUrlsOf(port: number): readonly string[] {
  const origin = `http://${hostOf(port)}`
  return [`${origin}/api/inngest${QUERY}`, `${origin}/api/streaming`]
}

export const endpointUrlOf = (port: number, id: string) =>
  `http://${hostOf(port)}/endpoints/order?id=${id}`

/** Decides who may see the status page. */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

import type { StatusToken } from '../../config/read/status-token.ts'

/** `host`: the `Host` may be a foreign name. `token`: no token was sent, or a wrong one. */
export type Access = 'granted' | 'host' | 'token'

export function judgeAccess(headers: IncomingHttpHeaders, token: StatusToken | undefined): Access {
  if (token !== undefined) {
    const shown = shownToken(headers.authorization)
    return shown !== undefined && token.matches(shown) ? 'granted' : 'token'
  }
  return isOwnName(headers.host) ? 'granted' : 'host'
}

/**
 * A page of evil.example whose name resolves to 127.0.0.1 could read this page with the browser of a visitor
 * (DNS rebinding), but its requests have the `Host` evil.example. An address always leads to itself, and so
 * does localhost. With a token this check is not needed, because that page does not have the token.
 */
function isOwnName(host: string | undefined): boolean {
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(host ?? '')
  if (parts === null) return false
  const [, bracketed, plain = ''] = parts
  if (bracketed !== undefined) return isIP(bracketed) === 6
  return isIP(plain) === 4 || plain.toLowerCase() === 'localhost'
}

/** The token as a bearer token, or as a password, which browsers prompt for. The user name does not matter. */
function shownToken(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(authorization ?? '') ?? []
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return value
    case 'basic': {
      const pair = Buffer.from(value, 'base64').toString('latin1')
      const colon = pair.indexOf(':')
      return colon === -1 ? undefined : pair.slice(colon + 1)
    }
    default:
      return undefined
  }
}

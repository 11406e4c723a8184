/** A gateway with a durable route, and requests to it: those of users, and signed re-entries. */
import { randomUUID } from 'node:crypto'

import { startTarget, type Target } from './attack.ts'
import { fallbackKey } from './test-gateway.ts'
import { send, signatureHeader, type Answer, type SentRequest } from './sender.ts'

export const durableHost = 'app.example.com'
export const durableKey = fallbackKey

type Config = Readonly<Record<string, unknown>>

/**
 * A durable route with its own key, next to an Inngest route.
 * @param more settings of the durable route.
 */
export function durableConfig(url: string, more: Config = {}, all: Config = {}): Config {
  return {
    routes: [
      { name: 'inngest', upstream: url, signingKeys: [{ env: 'PRIMARY' }] },
      {
        name: 'endpoints',
        policy: 'durable',
        path: '/endpoints',
        host: durableHost,
        upstream: url,
        signingKeys: [{ env: 'FALLBACK' }],
        requireOwnKeys: true,
        ...more,
      },
    ],
    ...all,
  }
}

export const startDurable = (more: Config = {}, all: Config = {}) =>
  startTarget((url) => durableConfig(url, more, all))

/** With the signing key of the Inngest route. */
export const startSharing = () =>
  startDurable({ signingKeys: [{ env: 'PRIMARY' }], requireOwnKeys: false })

/** The same and a passthrough route for all hosts. */
export const startWithOpen = () =>
  startTarget((url) => {
    const { routes } = durableConfig(url) as { routes: object[] }
    return { routes: [...routes, { name: 'open', policy: 'passthrough', upstream: url }] }
  })

export interface Reentry extends Partial<SentRequest> {
  /** Replaces the ids of a new run. */
  readonly ids?: Record<string, string | string[]>
  readonly key?: string
  readonly ageSeconds?: number
}

/** Ids as Inngest sends them with a re-entry. */
export function freshIds(): Record<string, string> {
  return {
    'x-run-id': randomUUID(),
    'x-request-id': randomUUID(),
    'x-inngest-job-id': randomUUID(),
    'x-inngest-req-version': '2',
  }
}

/** Re-enters like Inngest: signed over the raw body. */
export function reenter({ gateway }: Target, reentry: Reentry = {}): Promise<Answer> {
  const { ids = freshIds(), key = durableKey, ageSeconds = 0, headers = {}, ...request } = reentry
  const { body = '' } = request
  const signature = signatureHeader(key, body, Math.floor(gateway.clock.wallMs / 1000) - ageSeconds)
  return send({
    port: gateway.port,
    method: 'GET',
    target: '/endpoints/order?a=b',
    ...request,
    headers: { host: durableHost, 'x-inngest-signature': signature, ...ids, ...headers },
  })
}

/** Calls as a user does. */
export function callAsUser(
  { gateway }: Target,
  request: Partial<SentRequest> = {},
): Promise<Answer> {
  const { headers = {}, ...rest } = request
  return send({
    port: gateway.port,
    method: 'GET',
    target: '/endpoints/order?a=b',
    ...rest,
    headers: { host: durableHost, ...headers },
  })
}

/** The log lines of requests only. */
export function requestLines({ gateway }: Target): Record<string, unknown>[] {
  return gateway.logLines.filter(({ msg }) => msg === 'request')
}

export const reasonsOf = (target: Target) => requestLines(target).map(({ reason }) => reason)

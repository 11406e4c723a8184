/**
 * Proxies with external authorization: requests in the form of Envoy and Traefik, and a gateway that authorizes
 * them.
 */
import { send, signatureHeader, type Answer } from './sender.ts'
import { startTestGateway, testKey, type TestGateway } from './test-gateway.ts'

export const ALLOWED = '203.0.113.7'
export const NOBODY = 'http://127.0.0.1:1'

const stops: (() => unknown)[] = []

/** Stops what was started. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0)) await stop()
}

export async function startAsked(
  externalAuth: Record<string, unknown>,
  config: Record<string, unknown> = {},
): Promise<TestGateway> {
  const gateway = await startTestGateway(NOBODY, {
    allowlist: [ALLOWED],
    trustedProxies: ['127.0.0.1/32'],
    externalAuth: { host: '127.0.0.1', port: 0, ...externalAuth },
    ...config,
  })
  stops.push(() => gateway.stop())
  return gateway
}

let serial = 0

export interface Asked {
  readonly method?: string
  readonly target?: string
  readonly body?: string
  /** Signed in place of the body. */
  readonly signed?: string
  readonly client?: string
  readonly isSigned?: boolean
  readonly fields?: Record<string, string>
}

export function freshBody(): string {
  serial += 1
  return `{"ctx":{"request_id":"asked-${String(serial)}","run_id":"run"}}`
}

export function signed(gateway: TestGateway, { body = '', signed: text = body, isSigned }: Asked) {
  if (isSigned === false) return {}
  const seconds = Math.floor(gateway.clock.wallMs / 1000)
  return { 'x-inngest-signature': signatureHeader(testKey, text, seconds) }
}

/** Method, path, Host and headers of the original request. Envoy appends its own address. */
export function asEnvoy(gateway: TestGateway, asked: Asked): Promise<Answer> {
  const { method = 'POST', target = '/api/inngest?fnId=f', body, client = ALLOWED } = asked
  const headers = {
    host: 'app.example',
    'x-forwarded-for': `${client}, 127.0.0.1`,
    'x-envoy-auth-partial-body': 'false',
    ...signed(gateway, asked),
    ...asked.fields,
  }
  return send({ port: gateway.externalAuthPort, method, target, headers, body: body ?? '' })
}

/** A GET of the configured address, with the body, and the original request in X-Forwarded headers. */
export function asTraefik(gateway: TestGateway, asked: Asked): Promise<Answer> {
  const { method = 'POST', target = '/api/inngest?fnId=f', body, client = ALLOWED } = asked
  const headers = {
    host: '127.0.0.1:8081',
    'x-forwarded-for': client,
    'x-forwarded-method': method,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example',
    'x-forwarded-uri': target,
    ...signed(gateway, asked),
    ...asked.fields,
  }
  return send({
    port: gateway.externalAuthPort,
    method: 'GET',
    target: '/',
    headers,
    body: body ?? '',
  })
}

/** `host` is where the authorization request has the `Host` of the original request. */
export const askers = [
  { name: 'Envoy', protocol: 'ext_authz', ask: asEnvoy, host: 'host' },
  { name: 'Traefik', protocol: 'forward_auth', ask: asTraefik, host: 'x-forwarded-host' },
]

/** Recordings over the ops listener of a gateway, and replaying them against another one. */
import { expect } from 'vitest'

import { publishedTestKey } from '../../gateway/recording/test-key.ts'
import type { RecordedRequest, RecordedRoute } from '../../gateway/recording/copy.ts'
import type { RecordingProgress } from '../../gateway/ops/recording/desk.ts'
import { startLenientUpstream } from './lenient-upstream.ts'
import { send, type Answer } from './sender.ts'
import { startTestGateway, statusToken, type TestGateway } from './test-gateway.ts'

/** In a configuration: what recording needs. */
export const recordingOps = {
  host: '127.0.0.1',
  port: 0,
  statusPage: { enabled: true, token: { env: 'STATUS_TOKEN' } },
}

export function postRecording(
  { opsPort }: Pick<TestGateway, 'opsPort'>,
  query: string,
  token = statusToken,
  method = 'POST',
): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}` }
  return send({ port: opsPort, method, target: `/recording?${query}`, headers })
}

/** @returns the id of the recording. */
export async function startRecording(
  gateway: Pick<TestGateway, 'opsPort'>,
  requests: number,
): Promise<string> {
  const { status, body } = await postRecording(gateway, `requests=${String(requests)}&timeout=300`)
  expect(status).toBe(201)
  return (JSON.parse(body) as { id: string }).id
}

export async function takeRecorded(
  gateway: Pick<TestGateway, 'opsPort'>,
  id: string,
): Promise<RecordingProgress> {
  const { status, body } = await postRecording(gateway, `id=${id}`)
  expect([status, body]).toEqual([200, body])
  return JSON.parse(body) as RecordingProgress
}

export interface Replayed {
  readonly status: number
  readonly reason: unknown
  readonly reportOnly: unknown
}

/** What was decided when the recording was made: each request was admitted. */
export function decisionsOf(copies: readonly RecordedRequest[]): Replayed[] {
  return copies.map(({ reportOnly }) => ({ status: 200, reason: 'none', reportOnly }))
}

/** Sends each copy at its time to a gateway with the published key and the recorded routes. */
export async function replay(copies: readonly RecordedRequest[]): Promise<Replayed[]> {
  const app = await startLenientUpstream()
  const listed = copies
    .filter(({ reportOnly }) => !reportOnly.includes('client_not_allowed'))
    .flatMap(({ client }) => client ?? [])
  const config = {
    allowlist: [...new Set(listed)],
    trustedProxies: ['127.0.0.1'],
    routes: routesOf(copies, app.url),
  }
  const keys = { primary: publishedTestKey, fallback: 'unused' }
  const gateway = await startTestGateway(app.url, config, copies[0]?.receivedAtMs, keys)
  const replayed: Replayed[] = []
  for (const copy of copies) {
    gateway.clock.wallMs = copy.receivedAtMs
    const { status } = await sendCopy(gateway, copy)
    const line = gateway.logLines.filter(({ msg }) => msg === 'request').at(-1)
    replayed.push({ status, reason: line?.['reason'], reportOnly: line?.['report_only'] ?? [] })
  }
  await gateway.stop()
  app.stop()
  return replayed
}

function sendCopy({ port }: TestGateway, copy: RecordedRequest): Promise<Answer> {
  const { method, target, body, client } = copy
  const left = new Set(['connection', 'content-length', 'x-forwarded-for', 'transfer-encoding'])
  const kept = copy.headers.filter(([name]) => !left.has(name.toLowerCase()))
  const headers = { ...Object.fromEntries(kept), 'X-Forwarded-For': client ?? '' }
  return send({ port, method, target, headers, body })
}

function routesOf(copies: readonly RecordedRequest[], upstream: string): object[] {
  const distinct = new Map(copies.map(({ route }) => [JSON.stringify(route), route]))
  return [...distinct.values()].map((route, i) => routeOf(route, `route-${String(i)}`, upstream))
}

function routeOf(route: RecordedRoute, name: string, upstream: string): object {
  const { kind, apps, checks, ...rest } = route
  const base = { name, upstream, signingKeys: [{ env: 'PRIMARY' }], policy: kind, ...rest }
  const { allowlist, signature, freshness, replay: claims } = checks
  if (kind === 'durable')
    return { ...base, checks: { allowlist, signature, freshness, replay: claims } }
  return { ...base, checks, ...(apps !== undefined && { apps }) }
}

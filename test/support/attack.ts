/** A gateway in front of a lenient upstream, and the requests of an attacker. */
import { afterEach, expect } from 'vitest'

import { startLenientUpstream, type LenientUpstream } from './lenient-upstream.ts'
import { sendRaw, type RawOptions } from './raw.ts'
import { signatureHeader } from './sender.ts'
import { startTestGateway, testKey, type TestGateway } from './test-gateway.ts'

type Config = Readonly<Record<string, unknown>>

export interface Target {
  readonly gateway: TestGateway
  readonly upstream: LenientUpstream
  raw(bytes: string | Buffer | readonly (string | Buffer)[], options?: RawOptions): Promise<string>
  /** A signature over `body`, of the given age. */
  sign(body: string | Buffer, ageSeconds?: number): string
  /** The reasons of all records so far. */
  reasons(): unknown[]
  metrics(): Promise<string>
}

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** @param config merged over a single route that allows loopback. */
export async function startTarget(
  config: Config | ((url: string) => Config) = {},
): Promise<Target> {
  const upstream = await startLenientUpstream()
  stops.push(() => {
    upstream.stop()
  })
  const laidOver: Config = typeof config === 'function' ? config(upstream.url) : config
  const gateway = await startTestGateway(upstream.url, {
    shutdown: { drainTimeout: '100ms' },
    ...laidOver,
  })
  stops.push(() => gateway.stop())
  return {
    gateway,
    upstream,
    raw: (bytes, options) => sendRaw(gateway.port, bytes, options),
    sign: (body, ageSeconds = 0) =>
      signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000) - ageSeconds),
    reasons: () => gateway.logLines.map((line) => line['reason']),
    metrics: () => gateway.metricsText(),
  }
}

let serial = 0

/** A canonical call body that no other test signs. */
export function freshBody(): string {
  serial += 1
  return `{"ctx":{"request_id":"attack-${String(serial)}","run_id":"run"},"version":1}`
}

/**
 * The head and body of a call, in bytes.
 * @param fields lines without line ends.
 */
export function callBytes(
  body: string,
  fields: readonly string[],
  line = 'POST /api/inngest?fnId=f&stepId=step HTTP/1.1',
): string {
  return `${[line, 'Host: app.example.com', ...fields].join('\r\n')}\r\n\r\n${body}`
}

/** The same, with valid framing and signature, and `more` fields. */
export function signedCall(target: Target, more: readonly string[] = [], body = freshBody()) {
  const length = `Content-Length: ${String(Buffer.byteLength(body))}`
  const signature = `X-Inngest-Signature: ${target.sign(body)}`
  return callBytes(body, [length, signature, 'Connection: close', ...more])
}

export function gauge(metrics: string, name: string): number {
  return Number(new RegExp(`^inngest_gateway_${name} (\\d+)$`, 'm').exec(metrics)?.[1])
}

/** Longer than a refused connection is kept open for its response to be read. */
const QUIET_WITHIN_MS = 8000

/** Expects that nothing is left of the attack: no connection, no request, no byte of a body. */
export async function expectQuiet(target: Target): Promise<void> {
  const held = async () => {
    const metrics = await target.metrics()
    return ['connections', 'requests_in_flight', 'buffered_bytes'].map((name) =>
      gauge(metrics, name),
    )
  }
  await expect.poll(held, { timeout: QUIET_WITHIN_MS }).toEqual([0, 0, 0])
}

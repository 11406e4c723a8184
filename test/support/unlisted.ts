/** Function calls from addresses outside the allowlist, through a trusted proxy that names them. */
import { expect } from 'vitest'

import type { UnlistedRange } from '../../gateway/record/unlisted-ranges.ts'
import { freshBody, startTarget, type Target } from './attack.ts'
import { send, signatureHeader, type Answer } from './sender.ts'
import { testKey } from './test-gateway.ts'

export const listed = '198.51.100.7'
export const unlisted = '203.0.113.9'
export const unlistedRange = '203.0.113.0/24'

const ops = { host: '127.0.0.1', port: 0, statusPage: { enabled: true } }

/** @param config merged over a gateway that lists one address and trusts this machine as a proxy. */
export function startUnlisted(config: Readonly<Record<string, unknown>> = {}): Promise<Target> {
  return startTarget({ ops, allowlist: [listed], trustedProxies: ['127.0.0.1'], ...config })
}

export interface Capture {
  readonly body: string
  readonly signature: string
}

/** Signed like Inngest's, or with another key. */
export function capture(
  { gateway }: Pick<Target, 'gateway'>,
  body = freshBody(),
  key = testKey,
): Capture {
  return { body, signature: signatureHeader(key, body, Math.floor(gateway.clock.wallMs / 1000)) }
}

export function sendFrom(
  { gateway }: Target,
  client: string,
  { body, signature }: Capture,
  more: Record<string, string> = {},
): Promise<Answer> {
  const headers = { 'x-inngest-signature': signature, 'x-forwarded-for': client, ...more }
  return send({ port: gateway.port, body, headers })
}

/** Longer than any pause of a network after readings that verified. */
export function nextReading({ gateway }: Target): void {
  gateway.clock.monotonic += 2000
}

/** The number of readings for each result, without zeros. */
export async function readings(target: Pick<Target, 'metrics'>): Promise<Record<string, number>> {
  const lines = (await target.metrics()).matchAll(
    /^inngest_gateway_unlisted_readings_total\{result="(\w+)"\} (\d+)$/gm,
  )
  const counts = [...lines].map(([, result = '', count]) => [result, Number(count)] as const)
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

/** A signature is looked up some seconds after its body was read. */
export const lookedUp = { timeout: 15_000 }

/** Waits until so many readings have ended with these results, and no others. */
export async function expectReadings(
  target: Pick<Target, 'metrics'>,
  expected: Readonly<Record<string, number>>,
): Promise<void> {
  await expect.poll(() => readings(target), lookedUp).toEqual(expected)
}

/** Different calls from one address, each in its own reading. */
export async function sendMany(target: Target, count: number, client = unlisted): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await sendFrom(target, client, capture(target))
    nextReading(target)
  }
}

export async function reportedRanges({ gateway }: Target): Promise<readonly UnlistedRange[]> {
  const { body } = await send({ port: gateway.opsPort, method: 'GET', target: '/status.json' })
  return (JSON.parse(body) as { unlisted: UnlistedRange[] }).unlisted
}

export const MESSAGE = 'validly signed requests from an unlisted range'

export function warnings({ gateway }: Target): Record<string, unknown>[] {
  return gateway.logLines.filter(({ msg }) => msg === MESSAGE)
}

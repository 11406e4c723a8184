/** Mixed traffic of a gateway for the status page. */
import { send, signatureHeader } from './sender.ts'
import { fallbackKey, testKey, type TestGateway } from './test-gateway.ts'

let serial = 0

/** @returns its signature. */
export async function sendSigned(
  { port, clock }: Pick<TestGateway, 'port' | 'clock'>,
  {
    key = testKey,
    ageSeconds = 0,
    target = '/api/inngest?fnId=shop-send-receipt&stepId=step',
  } = {},
): Promise<string> {
  serial += 1
  const body = `{"ctx":{"request_id":"status-${String(serial)}","run_id":"01J${String(serial)}"},"event":{"card":"4242 4242"}}`
  const signature = signatureHeader(key, body, Math.floor(clock.wallMs / 1000) - ageSeconds)
  const headers = { 'x-inngest-signature': signature, 'x-run-id': `01J${String(serial)}` }
  await send({ port, target, body, headers })
  return signature
}

/** Requests of scanners. */
export async function sendUnsigned(
  { port }: Pick<TestGateway, 'port'>,
  target = '/.env?token=hidden',
): Promise<void> {
  await send({ port, method: 'GET', target })
}

export const forgedKey = 'signkey-test-fedcba9876543210fedcba9876543210'

/** Traffic of a quarter of an hour that ended a minute ago. */
export async function sendQuarter(gateway: TestGateway): Promise<void> {
  const { port, clock } = gateway
  const endMs = clock.wallMs
  for (let minute = 14; minute >= 0; minute -= 1) {
    clock.wallMs = endMs - minute * 60_000
    const calls = 4 + ((minute * 7) % 9)
    for (let i = 0; i < calls; i += 1) await sendSigned(gateway, { ageSeconds: i % 3 })
    if (minute % 3 === 0) await sendSigned(gateway, { key: fallbackKey, ageSeconds: 4 })
    for (let i = 0; i < (minute * 5) % 7; i += 1) await sendSigned(gateway, { key: forgedKey })
    if (minute % 4 === 1) await sendUnsigned(gateway)
    if (minute % 5 === 2) await send({ port, method: 'PUT' })
    if (minute < 3) await sendSigned(gateway, { target: '/billing?fnId=bill' })
    if (minute === 6) await sendSigned(gateway, { ageSeconds: 301 })
    gateway.flush()
  }
}

/** kill -9 in mid-load, and a start on the same port: nothing of before is admitted again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import { freePort } from '../support/free-port.ts'
import { startRedis } from '../support/redis-server.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { send, signatureHeader } from '../support/sender.ts'

const key = 'signkey-test-12345678123456781234567812345678'
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function startGateway(port: number, upstream: string, replay: string): Promise<ChildProcess> {
  const mount = mountSecret({
    'gateway.yaml': `listen: { host: 127.0.0.1, port: ${String(port)} }
ops: { host: 127.0.0.1, port: 0 }
allowlist: [127.0.0.1]
replay: ${replay}
routes: [{ name: app, upstream: "${upstream}", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]
`,
  })
  const args = ['gateway/main.ts', 'run', '--config', mount.fileOf('gateway.yaml')]
  const child = spawn(process.execPath, args, {
    env: { INNGEST_SIGNING_KEY: key },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  ends.push(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('"msg":"started"')) break
  }
  child.stdout.resume()
  return child
}

interface Sent {
  readonly body: string
  readonly signature: string
}

let serial = 0

function sign(): Sent {
  serial += 1
  const body = `{"ctx":{"request_id":"restart-${String(serial)}","run_id":"run"}}`
  return { body, signature: signatureHeader(key, body, Math.floor(Date.now() / 1000)) }
}

async function post(port: number, { body, signature }: Sent): Promise<number | undefined> {
  const headers = { 'x-inngest-signature': signature }
  const answer = await send({ port, body, headers }).catch(() => undefined)
  return answer?.status
}

describe('a gateway that was killed and started again', () => {
  it('admits no earlier signature again with its replay cache in memory', async () => {
    await expectNothingAgain('{ store: memory }')
  }, 60_000)

  it(
    'admits no earlier signature again with its replay cache in Redis',
    { tags: ['redis'], timeout: 60_000 },
    async () => {
      const server = await startRedis()
      // The server is as young as this test, and is not what was killed.
      const replay = `{ store: redis, url: "${server.url}", timeout: 1s, coldStart: accept }`
      await expectNothingAgain(replay)
    },
  )
})

/** @param replay that setting of the gateway. */
async function expectNothingAgain(replay: string): Promise<void> {
  const app = await startNamedApp('app')
  const port = await freePort()
  const first = await startGateway(port, app.url, replay)
  // Signatures of the second of the start are refused.
  await expect.poll(() => post(port, sign()), { timeout: 10_000 }).toBe(200)
  const sent: Sent[] = []
  let isOver = false
  const callers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const call = sign()
      sent.push(call)
      await post(port, call)
    }
  })
  await expect.poll(() => app.requests.length, { timeout: 20_000 }).toBeGreaterThan(200)
  const exit = once(first, 'exit')
  first.kill('SIGKILL')
  await exit
  isOver = true
  await Promise.all(callers)

  await startGateway(port, app.url, replay)
  const reachedBefore = new Set(app.requests.map(({ body }) => body))
  for (const call of sent) await post(port, call)
  await expect.poll(() => post(port, sign()), { timeout: 10_000 }).toBe(200)
  const seen = new Map<string, number>()
  for (const { body } of app.requests) seen.set(body, (seen.get(body) ?? 0) + 1)
  expect(reachedBefore.size).toBeGreaterThan(200)
  for (const body of reachedBefore) expect(seen.get(body)).toBe(1)
}

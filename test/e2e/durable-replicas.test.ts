/** The real JS SDK behind two gateways of two workers each, with `policy: durable` and claims in a Redis. */
// @module-tag redis
import { expect, it, onTestFinished } from 'vitest'

import { startJsApp } from '../support/durable/js-app.ts'
import { startInngestServer } from '../support/durable/server.ts'
import { processKey, startWorkers, workersIn } from '../support/gateway-process.ts'
import { startRedis } from '../support/redis-server.ts'
import { send } from '../support/sender.ts'

const host = 'shop.example.com'

it('admits each of a hundred parallel re-entries at one worker of one gateway only', async () => {
  const { url } = await startRedis()
  const ports: number[] = []
  let requests = 0
  const nextPort = () => ports[requests++ % ports.length] ?? 0
  const inngest = await startInngestServer({ key: processKey, resolve: nextPort })
  const app = await startJsApp({ key: processKey, apiUrl: inngest.url })
  onTestFinished(async () => {
    await app.stop()
    inngest.stop()
  })
  const upstream = `http://127.0.0.1:${String(app.port)}`
  const signingKeys = [{ env: 'INNGEST_SIGNING_KEY' }]
  const config = {
    replay: { store: 'redis', url, timeout: '10s', coldStart: 'accept' },
    routes: [{ name: 'orders', policy: 'durable', host, upstream, signingKeys }],
  }
  const gateways = [await startWorkers(upstream, config), await startWorkers(upstream, config)]
  ports.push(...gateways.map(({ port }) => port))

  const target = '/orders?parallel=100'
  await send({ port: nextPort(), method: 'GET', target, headers: { host } })
  await inngest.idle()
  expect(inngest.runs.map(({ output }) => output?.status)).toEqual([200])
  expect(new Set(inngest.sent.map(({ answer: { status } }) => status))).toEqual(new Set([206]))
  expect(app.ran.size).toBe(103)
  expect(new Set(app.ran.values())).toEqual(new Set([1]))

  const received = app.receivedBytes()
  const copies = ports.flatMap((port) => inngest.sent.map((sent) => send({ ...sent, port })))
  const answers = await Promise.all(copies)
  expect(answers).toHaveLength(2 * 104)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([409]))
  expect(app.receivedBytes()).toBe(received)
  await expect.poll(() => gateways.map((gateway) => workersIn(gateway).size)).toEqual([2, 2])
})

/** The allowlist of a running gateway follows the lists that Inngest publishes. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { track } from '../support/app-behind-gateway.ts'
import { startNamedApp } from '../support/apps.ts'
import { freshBody } from '../support/attack.ts'
import { listServerCa } from '../support/list-server.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { startLists, type Lists } from '../support/test-keeper.ts'
import { startTestGateway, testKey, type TestGateway } from '../support/test-gateway.ts'

let lists: Lists
let caFile: string
beforeEach(async () => {
  lists = await startLists()
  caFile = path.join(lists.folder, 'ca.pem')
  writeFileSync(caFile, listServerCa)
})
afterEach(() => lists.stop())

async function start(more: object = {}): Promise<TestGateway> {
  const app = await startNamedApp('app')
  const urls = [`${lists.server.origin}/ips-v4`, `${lists.server.origin}/ips-v6`]
  return startTestGateway(app.url, {
    allowlist: ['inngest'],
    trustedProxies: ['127.0.0.1'],
    inngestRanges: { urls, caFile, stateFile: lists.stateFile, ...more },
  })
}

/** The status that a signed call of this client gets. */
async function callFrom(gateway: TestGateway, client: string): Promise<number> {
  const body = freshBody()
  const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
  const headers = { 'x-inngest-signature': signature, 'x-forwarded-for': client }
  return (await send({ port: gateway.port, body, headers })).status
}

async function readiness(gateway: TestGateway): Promise<string> {
  const answer = await send({ port: gateway.opsPort, method: 'GET', target: '/readyz' })
  return `${String(answer.status)} ${answer.body.trim()}`
}

const ofBundle = '3.140.194.254'
const published = '18.208.0.7'

describe('the published ranges', () => {
  it('are fetched before the gateway is ready, and decide from then on', async () => {
    lists.server.answer('/ips-v4', '18.208.0.0/24\n')
    lists.server.answer('/ips-v6', '2600:1f16:96c:6800::/56\n')
    const gateway = track(await start())
    await expect.poll(() => readiness(gateway)).toBe('200 ok')
    expect(await callFrom(gateway, published)).toBe(200)
    expect(await callFrom(gateway, '2600:1f16:96c:6800::1')).toBe(200)
    expect(await callFrom(gateway, ofBundle)).toBe(403)
    const metrics = await gateway.metricsText()
    expect(metrics).toContain('inngest_gateway_inngest_ranges_origin{origin="fetched"} 1')
    expect(metrics).toContain(
      `inngest_ranges_refreshes_total{source="${lists.server.origin}/ips-v4",result="success"} 1`,
    )
    expect(metrics).toContain('inngest_ranges{source="inngest",family="ipv4"} 1')
  })

  it('follow a change, and keep out a list that is no good', async () => {
    lists.server.answer('/ips-v4', '18.208.0.0/24\n')
    lists.server.answer('/ips-v6', '2600:1f16:96c:6800::/56\n')
    const gateway = track(await start())
    await expect.poll(() => callFrom(gateway, published)).toBe(200)
    lists.server.answer('/ips-v4', '18.208.0.0/24\n18.208.9.0/24\n')
    gateway.reload()
    await expect.poll(() => callFrom(gateway, '18.208.9.1')).toBe(200)
    lists.server.answer('/ips-v4', '18.208.0.0/24\n18.208.9.0/24\n0.0.0.0/0\n')
    gateway.reload()
    await expect.poll(() => gateway.metricsText()).toContain(`ips-v4",result="too_wide"} 1`)
    expect(await callFrom(gateway, '8.8.8.8')).toBe(403)
    expect(await callFrom(gateway, published)).toBe(200)
  })

  it('are known from the last good list after a restart without network', async () => {
    lists.server.answer('/ips-v4', '18.208.0.0/24\n')
    lists.server.answer('/ips-v6', '2600:1f16:96c:6800::/56\n')
    const first = await start()
    await expect.poll(() => callFrom(first, published)).toBe(200)
    await first.stop()
    // Refused from now on: nobody listens.
    lists.server.stop()
    const second = track(await start())
    expect(await readiness(second)).toBe('200 ok')
    expect(await callFrom(second, published)).toBe(200)
    expect(await callFrom(second, ofBundle)).toBe(403)
    expect(await second.metricsText()).toContain(
      'inngest_gateway_inngest_ranges_origin{origin="kept"} 1',
    )
  })

  it('are those of the release as a last resort, which says so', async () => {
    lists.server.stop()
    const gateway = track(await start())
    await expect.poll(() => readiness(gateway)).toBe('200 ok')
    expect(await callFrom(gateway, ofBundle)).toBe(200)
    expect(await gateway.metricsText()).toContain(
      'inngest_gateway_inngest_ranges_origin{origin="bundled"} 1',
    )
    expect(JSON.stringify(gateway.logLines)).toContain('bundled ranges in use')
  })

  it('hold readiness back while the first answer is awaited and only the bundle is known', async () => {
    lists.server.answer('/ips-v6', '2600:1f16:96c:6800::/56\n')
    let answerNow = () => {}
    lists.server.answer('/ips-v4', (response) => {
      answerNow = () => response.end('18.208.0.0/24\n')
    })
    const gateway = track(await start())
    await expect.poll(() => lists.server.asked).toContain('/ips-v4')
    expect(await readiness(gateway)).toBe('503 fetching ranges')
    answerNow()
    await expect.poll(() => readiness(gateway)).toBe('200 ok')
    expect(await callFrom(gateway, published)).toBe(200)
  })

  it('come from a file, and change with it', async () => {
    const file = path.join(lists.folder, 'ranges.txt')
    writeFileSync(file, '18.208.0.0/24')
    const gateway = track(await start({ file, urls: undefined, caFile: undefined }))
    await expect.poll(() => callFrom(gateway, published)).toBe(200)
    writeFileSync(file, '18.208.0.0/24, 18.208.9.0/24 # new')
    await expect.poll(() => callFrom(gateway, '18.208.9.1')).toBe(200)
  })

  it('outlive a reload that changes how they are fetched, also without a state file', async () => {
    lists.server.answer('/ips-v4', '18.208.0.0/24\n')
    lists.server.answer('/ips-v6', '2600:1f16:96c:6800::/56\n')
    writeFileSync(path.dirname(lists.stateFile), 'in the way')
    const gateway = track(await start())
    await expect.poll(() => callFrom(gateway, published)).toBe(200)
    lists.server.answer('/ips-v4', () => undefined)
    const urls = [`${lists.server.origin}/ips-v4`, `${lists.server.origin}/ips-v6`]
    gateway.rewrite({
      allowlist: ['inngest'],
      trustedProxies: ['127.0.0.1'],
      inngestRanges: { urls, caFile, stateFile: lists.stateFile, timeout: '5s' },
    })
    gateway.reload()
    expect(await callFrom(gateway, published)).toBe(200)
    expect(await callFrom(gateway, ofBundle)).toBe(403)
  })

  it('are fetched by the authorities of a file that changes', async () => {
    lists.server.answer('/ips-v4', '18.208.0.0/24\n')
    lists.server.answer('/ips-v6', '2600:1f16:96c:6800::/56\n')
    writeFileSync(caFile, readFileSync('test/fixtures/tls/second-cert.pem'))
    const gateway = track(await start())
    await expect.poll(() => gateway.metricsText()).toContain('ips-v4",result="unreachable"} 1')
    writeFileSync(caFile, listServerCa)
    await expect.poll(() => callFrom(gateway, published), { timeout: 5000 }).toBe(200)
  })

  it('do not take readiness back when a reload names them for the first time', async () => {
    lists.server.answer('/ips-v4', () => undefined)
    const app = await startNamedApp('app')
    const gateway = track(await startTestGateway(app.url, { allowlist: ['127.0.0.1'] }))
    expect(await readiness(gateway)).toBe('200 ok')
    const urls = [`${lists.server.origin}/ips-v4`]
    gateway.rewrite({ allowlist: ['127.0.0.1', 'inngest'], inngestRanges: { urls, caFile, stateFile: lists.stateFile } }) // prettier-ignore
    gateway.reload()
    await expect.poll(() => lists.server.asked).toContain('/ips-v4')
    expect(await readiness(gateway)).toBe('200 ok')
  })

  it('go with a reload that does not name them any more', async () => {
    lists.server.answer('/ips-v4', '18.208.0.0/24\n')
    lists.server.answer('/ips-v6', '2600:1f16:96c:6800::/56\n')
    const gateway = track(await start())
    await expect.poll(() => callFrom(gateway, published)).toBe(200)
    gateway.rewrite({ trustedProxies: ['127.0.0.1'], allowlist: ['198.51.100.0/24'] })
    gateway.reload()
    expect(await callFrom(gateway, published)).toBe(403)
    expect(await gateway.metricsText()).not.toMatch(/inngest_ranges_origin\{/)
    // And nobody is asked for them any more.
    const asked = lists.server.asked.length
    gateway.reload()
    await expect.poll(() => lists.server.openSockets()).toBe(0)
    expect(lists.server.asked).toHaveLength(asked)
  })
})

/** What Node deprecates today fails in a later version: neither the gateway nor its packages use it. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import {
  postCall,
  startGatewayProcess,
  startWorkers,
  type GatewayProcess,
} from '../support/gateway-process.ts'
import { startRedis } from '../support/redis-server.ts'
import { send } from '../support/sender.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'deprecations-'))
const file = path.join(folder, 'warnings')
afterEach(() => {
  rmSync(file, { force: true })
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Makes a process, and its workers, write each warning of Node into the file. */
const warningsToFile = {
  NODE_OPTIONS: `--pending-deprecation --trace-deprecation --redirect-warnings=${file}`,
}

async function warningsAfterStop({ child, ended }: GatewayProcess): Promise<string> {
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

async function startHttpsApp(): Promise<string> {
  const pem = (name: string) => readFileSync(`test/fixtures/tls/${name}.pem`)
  const app = createServer({ cert: pem('cert'), key: pem('key') }, (_request, response) => {
    response.end('tls')
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  app.unref()
  return `https://127.0.0.1:${String((app.address() as AddressInfo).port)}`
}

describe('the gateway', () => {
  it('uses nothing that Node deprecates, whatever kind of route it serves', async () => {
    const upstreamTls = { caFile: path.resolve('test/fixtures/tls/cert.pem') }
    const signingKeys = [{ env: 'INNGEST_SIGNING_KEY' }]
    const upstream = await startHttpsApp()
    const plain = (await startNamedApp('plain')).url
    const gateway = await startGatewayProcess(
      upstream,
      {
        routes: [
          { name: 'app', upstream, upstreamTls, signingKeys },
          { name: 'rest', policy: 'passthrough', upstream: plain },
        ],
      },
      { ...warningsToFile, OTEL_EXPORTER_OTLP_ENDPOINT: plain },
    )
    expect((await postCall(gateway.port)).status).toBe(200)
    expect((await send({ port: gateway.port, method: 'GET', target: '/other' })).status).toBe(200)
    expect((await send({ port: gateway.port })).status).toBe(401)
    for (const target of ['/readyz', '/metrics', '/status']) await gateway.ops(target)
    expect(await warningsAfterStop(gateway)).toBe('')
  })

  it('uses nothing that Node deprecates, with workers and Redis', { tags: ['redis'] }, async () => {
    const { url } = await startRedis()
    const app = await startNamedApp('app')
    const replay = { store: 'redis', url, coldStart: 'accept', timeout: '10s' }
    const gateway = await startWorkers(app.url, { replay }, warningsToFile)
    expect((await postCall(gateway.port)).status).toBe(200)
    expect(await warningsAfterStop(gateway)).toBe('')
  })
})

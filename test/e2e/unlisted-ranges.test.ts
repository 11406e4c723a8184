/** Two workers with one report of unlisted ranges, and `ips --drift`, which lists them from outside. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import {
  patient,
  signCall,
  startGatewayProcess,
  startWorkers,
  sumOf,
  workersIn,
  type GatewayProcess,
} from '../support/gateway-process.ts'
import { send } from '../support/sender.ts'
import { statusToken } from '../support/test-gateway.ts'

const [listed, unlisted] = ['198.51.100.7', '203.0.113.9']
const statusPage = { enabled: true }
const config = {
  ops: { host: '127.0.0.1', port: 0, statusPage },
  allowlist: [listed],
  trustedProxies: ['127.0.0.1'],
}
const MESSAGE = 'validly signed requests from an unlisted range'
const MEANING =
  'validly signed requests come from 203.0.113.0/24, which no listed range contains; this can also be a replayed capture'

async function drift(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = spawn(process.execPath, ['gateway/main.ts', 'ips', '--drift', ...args], { env })
  const ended = once(command, 'close')
  const [stdout, stderr] = await Promise.all([text(command.stdout), text(command.stderr)])
  const [code] = (await ended) as [number]
  return { code, stdout, stderr }
}

const statusUrl = ({ opsPort }: GatewayProcess) => `http://127.0.0.1:${String(opsPort)}`

function sendFrom(client: string, gateway: GatewayProcess, call = signCall()) {
  const headers = { 'x-inngest-signature': call.signature, 'x-forwarded-for': client }
  return send({ port: gateway.port, body: call.body, headers })
}

/** Sends until the gateway has warned, or for a minute. @returns the statuses. */
async function sendUntilWarned(gateway: GatewayProcess): Promise<Set<number>> {
  const statuses = new Set<number>()
  const endMs = performance.now() + 90_000
  while (!gateway.log.some(({ msg }) => msg === MESSAGE) && performance.now() < endMs) {
    const { status } = await sendFrom(unlisted, gateway)
    statuses.add(status)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return statuses
}

describe('two workers', () => {
  it('count together from which unlisted range signed calls come, for `ips --drift`', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url, config)
    const before = await drift(['--url', statusUrl(gateway)])
    expect(before).toMatchObject({ code: 0, stderr: '' })
    expect(before.stdout).toContain('no unlisted range')
    // What one worker has admitted is known when another reads its copy.
    for (let i = 0; i < 10; i += 1) {
      const call = signCall()
      expect((await sendFrom(listed, gateway, call)).status).toBe(200)
      expect((await sendFrom('192.0.2.1', gateway, call)).status).toBe(403)
    }
    expect(await sendUntilWarned(gateway)).toEqual(new Set([403]))
    expect(workersIn(gateway)).toEqual(new Set([1, 2]))
    const warnings = gateway.log.filter(({ msg }) => msg === MESSAGE)
    expect(warnings).toMatchObject([{ range: '203.0.113.0/24', signatures: 20, meaning: MEANING }])
    // The process that holds the workers together has counted.
    expect(warnings[0]?.['worker']).toBeUndefined()
    const metrics = async () => (await gateway.ops('/metrics')).body
    await expect
      .poll(async () => sumOf(await metrics(), 'inngest_gateway_unlisted_ranges'), patient)
      .toBe(1)
    const results = 'inngest_gateway_unlisted_readings_total'
    expect(sumOf(await metrics(), results, 'result="claimed"')).toBeGreaterThan(0)
    const { code, stdout, stderr } = await drift(['--url', statusUrl(gateway)])
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toContain(MEANING)
    expect(stdout).toMatch(/^ {2}2\d different signatures from \S+Z to \S+Z, on app$/m)
    expect(stdout).not.toContain('192.0.2')
    // Nothing that could be pasted into an allowlist: no line is a range, or an element of a list.
    expect(stdout).not.toMatch(/^[\s\-['"]*203\.0\.113/m)
  }, 180_000)
})

describe('`ips --drift`', () => {
  it('says what to set if there is no status page, no token, or no gateway', async () => {
    const token = { env: 'STATUS_TOKEN' }
    const without = await startGatewayProcess('http://127.0.0.1:1', {
      ...config,
      ops: { host: '127.0.0.1', port: 0 },
    })
    const guarded = await startGatewayProcess(
      'http://127.0.0.1:1',
      { ...config, ops: { ...config.ops, statusPage: { enabled: true, token } } },
      { STATUS_TOKEN: statusToken },
    )
    const off = await drift(['--url', statusUrl(without)])
    expect([off.code, off.stderr]).toEqual([
      2,
      expect.stringContaining('set ops.statusPage.enabled: true'),
    ])
    const closed = await drift(['--url', statusUrl(guarded)])
    expect([closed.code, closed.stderr]).toEqual([
      2,
      expect.stringContaining('set the variable STATUS_PAGE_TOKEN'),
    ])
    const named = ['--url', statusUrl(guarded), '--token-env', 'TOKEN']
    expect(await drift(named, { TOKEN: statusToken })).toMatchObject({ code: 0, stderr: '' })
    const unset = await drift(named)
    expect([unset.code, unset.stderr]).toEqual([
      2,
      expect.stringContaining('set the variable TOKEN'),
    ])
    const gone = await drift(['--url', 'http://127.0.0.1:1'])
    expect([gone.code, gone.stderr]).toEqual([
      2,
      expect.stringContaining('cannot reach http://127.0.0.1:1/'),
    ])
  }, 120_000)
})

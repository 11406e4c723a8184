/** What a gateway reports of each check, in its log and on its status page, leads to one verdict. */
import { afterEach, describe, expect, it } from 'vitest'

import { readRolloutStatus } from '../../gateway/cli/rollout-status.ts'
import { moderatedChecks } from '../../gateway/admit/policy.ts'
import type { ReportableCheck } from '../../gateway/admit/route-checks.ts'
import { startNamedApp } from '../support/apps.ts'
import { readLog } from '../support/rollout-log.ts'
import { send, signatureHeader } from '../support/sender.ts'
import {
  startTestGateway,
  statusToken,
  testKey,
  type TestGateway,
} from '../support/test-gateway.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

let serial = 0

interface Sent {
  readonly method?: string
  readonly body?: string
  readonly target?: string
  readonly ageSeconds?: number
  readonly headers?: Record<string, string>
  readonly from?: string
}

async function call({ port, clock }: TestGateway, sent: Sent = {}): Promise<void> {
  serial += 1
  const { method = 'POST', target = '/api/inngest?fnId=shop-a&stepId=step', ageSeconds = 0 } = sent
  const run = `run-${String(serial)}`
  const { body = `{"ctx":{"fn_id":"f","run_id":"${run}"},"version":1}`, from } = sent
  const signature = signatureHeader(testKey, body, Math.floor(clock.wallMs / 1000) - ageSeconds)
  const headers = { 'x-inngest-signature': signature, ...sent.headers }
  await send({ port, method, target, body, headers, ...(from !== undefined && { from }) })
}

const sync = { method: 'PUT', target: '/api/inngest', body: '{"url":"http://a.test/other"}' }

/** Sends what the check would refuse, and no other check. */
const flaws: Readonly<
  Record<ReportableCheck, readonly [reason: string, send: (gateway: TestGateway) => Promise<void>]>
> = {
  method: [
    'content_encoding_not_allowed',
    (gateway) => call(gateway, { headers: { 'content-encoding': 'gzip' } }),
  ],
  allowlist: ['client_not_allowed', (gateway) => call(gateway, { from: '127.0.0.9' })],
  signature: [
    'signature_mismatch',
    (gateway) =>
      call(gateway, {
        headers: {
          'x-inngest-signature': `t=${String(Math.floor(gateway.clock.wallMs / 1000))}&s=${'0'.repeat(64)}`,
        },
      }),
  ],
  syncBody: ['sync_body_missing', (gateway) => call(gateway, { method: 'PUT', body: '' })],
  syncUrl: ['sync_url_mismatch', (gateway) => call(gateway, sync)],
  app: [
    'app_not_served',
    (gateway) => call(gateway, { target: '/api/inngest?fnId=mail-a&stepId=step' }),
  ],
  runId: ['run_id_mismatch', (gateway) => call(gateway, { headers: { 'x-run-id': 'another' } })],
  callIds: [
    'call_ids_unsigned',
    (gateway) => call(gateway, { headers: { 'x-inngest-job-id': 'j' } }),
  ],
  functionId: [
    'function_id_mismatch',
    async (gateway) => {
      for (let i = 0; i < 3; i += 1) await call(gateway)
      await call(gateway, { target: '/api/inngest?fnId=shop-b&stepId=step' })
    },
  ],
  encryption: [
    'payload_not_encrypted',
    (gateway) =>
      call(gateway, {
        body: '{"ctx":{"fn_id":"f","run_id":"plain"},"event":{"data":{"encrypted":"a"}},"version":1}',
      }),
  ],
  freshness: ['timestamp_too_old', (gateway) => call(gateway, { ageSeconds: 301 })],
  replay: [
    'replayed',
    async (gateway) => {
      const body = '{"ctx":{"fn_id":"f","run_id":"again"},"version":1}'
      for (let i = 0; i < 2; i += 1) await call(gateway, { body })
    },
  ],
}

const everyCheck = Object.fromEntries(moderatedChecks.map((check) => [check, 'report']))

async function start(checks: object, encryption = 'off'): Promise<TestGateway> {
  const app = await startNamedApp('app')
  const ops = {
    host: '127.0.0.1',
    port: 0,
    statusPage: { enabled: true, token: { env: 'STATUS_TOKEN' } },
  }
  const gateway = await startTestGateway(app.url, {
    ops,
    checks,
    allowlist: ['127.0.0.1'],
    replay: { coldStart: 'accept' },
    routes: [
      {
        name: 'app',
        upstream: app.url,
        apps: ['shop'],
        encryption,
        signingKeys: [{ env: 'PRIMARY' }],
      },
    ],
  })
  stops.push(() => gateway.stop())
  // As at a start, the log then says which checks are in report mode.
  gateway.reload()
  return gateway
}

const optionsFor = ({ opsPort }: Pick<TestGateway, 'opsPort'>) => ({
  url: `http://127.0.0.1:${String(opsPort)}`,
  tokenEnv: 'TOKEN',
})

/** As JSON, since the status comes so. */
async function seenIn(gateway: TestGateway) {
  // The clock of the test is that of the requests, and not that of its log.
  const time = new Date(gateway.clock.wallMs).toISOString()
  const { routes } = await readLog(gateway.logLines.map((line) => ({ ...line, time })))
  const status = await readRolloutStatus(optionsFor(gateway), { TOKEN: statusToken })
  return { log: JSON.parse(JSON.stringify(routes)) as typeof routes, status }
}

describe('a request that only one check would refuse', () => {
  it.each(Object.entries(flaws))(
    'holds %s back and no other check, in the log and on the status page',
    async (check, [reason, sendFlaw]) => {
      const gateway = await start(everyCheck, 'report')
      await sendFlaw(gateway)
      const { log, status } = await seenIn(gateway)
      const refused = log.flatMap(({ checks }) =>
        checks.flatMap((seen) =>
          seen.refusals.map((refusal) => [seen.check, refusal.reason, refusal.count]),
        ),
      )
      expect(refused).toEqual([[check, reason, 1]])
      expect(status).toEqual(log)
    },
  )
})

describe('a request that no check would refuse', () => {
  it('has passed each check that judges it', async () => {
    const gateway = await start(everyCheck, 'report')
    await call(gateway)
    await call(gateway, { ...sync, body: '{"url":"http://a.test/api/inngest"}' })
    const { log, status } = await seenIn(gateway)
    const passed = log[0]?.checks.map((seen) => [seen.check, seen.passed])
    const both = { call: 1, sync: 1 }
    expect(passed).toEqual([
      ['method', both],
      ['allowlist', both],
      ['signature', both],
      ['syncBody', { sync: 1 }],
      ['syncUrl', { sync: 1 }],
      ['app', { call: 1 }],
      ['runId', { call: 1 }],
      ['callIds', { call: 1 }],
      ['functionId', { call: 1 }],
      ['freshness', { call: 1 }],
      ['replay', { call: 1 }],
      ['encryption', { call: 1 }],
    ])
    expect(status).toEqual(log)
  })
})

describe('the status of a running gateway', () => {
  it('follows a reload that changes the checks', async () => {
    const gateway = await start({ runId: 'report' })
    const reported = async () => (await seenIn(gateway)).status[0]?.checks.map(({ check }) => check)
    const byDefault = ['syncBody', 'syncUrl', 'callIds', 'functionId']
    expect((await reported())?.toSorted()).toEqual([...byDefault, 'runId'].toSorted())
    gateway.rewrite(gateway.written().replace('runId: report', 'runId: enforce'))
    gateway.reload()
    expect(await reported()).toEqual(byDefault)
  })

  it('is not read without its token, and says what to set', async () => {
    const { opsPort } = await start({})
    const options = optionsFor({ opsPort })
    await expect(readRolloutStatus(options, {})).rejects.toThrow('needs the status token')
    await expect(readRolloutStatus(options, { TOKEN: 'another-token-of-16' })).rejects.toThrow(
      '--token-env',
    )
  })

  it('is not there without a status page, and says what to set', async () => {
    const app = await startNamedApp('app')
    const gateway = await startTestGateway(app.url)
    stops.push(() => gateway.stop())
    await expect(readRolloutStatus(optionsFor(gateway), {})).rejects.toThrow(
      'ops.statusPage.enabled',
    )
  })
})

/** `rollout-report` as an operator runs it: the log of a real gateway in front of the real SDK, or its status. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

import { describe, expect, it } from 'vitest'

import {
  patient,
  processKey,
  startGatewayProcess,
  startWorkers,
  workersIn,
  type GatewayProcess,
} from '../support/gateway-process.ts'
import { callLine, logText, startLine } from '../support/rollout-log.ts'
import { callBody, callTarget, startSdkApp, type SdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader } from '../support/sender.ts'

const token = 'status-token-of-this-test'

async function report(
  args: readonly string[],
  log = '',
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['gateway/main.ts', 'rollout-report', ...args], { env })
  const exited = once(child, 'exit') as Promise<[number]>
  // A command that is given a wrong option does not read its input.
  child.stdin.on('error', () => undefined)
  child.stdin.end(log)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await exited
  return { code, stdout, stderr }
}

async function withApp(use: (app: SdkApp) => Promise<void>): Promise<void> {
  const app = await startSdkApp(processKey, undefined)
  try {
    await use(app)
  } finally {
    app.stop()
  }
}

function call({ port }: GatewayProcess, id: string, headers: Record<string, string> = {}) {
  const body = callBody(id)
  const signature = signatureHeader(processKey, body, Math.floor(Date.now() / 1000))
  const own = { 'content-type': 'application/json', 'x-inngest-signature': signature, ...headers }
  return send({ port, target: callTarget, headers: own, body })
}

const few = ['--min-requests', '3', '--min-period', '0s', '--min-syncs', '0']

async function callSome(gateway: GatewayProcess, count: number): Promise<void> {
  const ids = [...Array(count).keys()].map((i) => `id-${String(i)}`)
  await Promise.all(
    ids.map(async (id) => {
      expect((await call(gateway, id)).status).toBe(200)
    }),
  )
}

const requestsIn = ({ log }: GatewayProcess) => log.filter(({ msg }) => msg === 'request').length

describe('the log of a gateway in front of the real SDK', () => {
  it('shows that a check can be enforced, and then that it cannot yet', async () => {
    await withApp(async (app) => {
      const gateway = await startGatewayProcess(app.url, { checks: { runId: 'report' } })
      await callSome(gateway, 4)
      await expect.poll(() => requestsIn(gateway), patient).toBe(4)
      const safe = await report(few, logText(gateway.log))
      expect(safe).toMatchObject({ code: 0, stderr: '' })
      expect(safe.stdout).toContain('  runId       safe to enforce (4 requests in ')
      expect(safe.stdout).toContain('\nverdict: safe to enforce\n')

      await call(gateway, 'id-again', { 'x-run-id': '01M85C81NVJ7KSQSW1MTCWKVP5' })
      await expect.poll(() => requestsIn(gateway), patient).toBe(5)
      const notYet = await report(few, logText(gateway.log))
      expect(notYet).toMatchObject({ code: 1, stderr: '' })
      expect(notYet.stdout).toContain('run_id_mismatch: 1 would be refused, last at ')
      expect(notYet.stdout).toContain('What to do: Find the proxy that writes or caches')
      expect(notYet.stdout).toMatch(/e\.g\. \S+ POST \/api\/inngest from 127\.0\.0\.1, request /)
      const accepted = await report([...few, '--accept', 'run_id_mismatch'], logText(gateway.log))
      expect(accepted.code).toBe(0)

      const tooLittle = await report(['--min-requests', '6'], logText(gateway.log))
      expect(tooLittle.code).toBe(1)
      const later = new Date(Date.now() + 60_000).toISOString()
      const since = await report([...few, '--since', later], logText(gateway.log))
      expect(since).toMatchObject({ code: 2 })
      expect(since.stdout).toContain('verdict: too little traffic')
    })
  })

  it('is one JSON document with --json', async () => {
    const lines = [startLine(['runId', 'syncUrl']), callLine({ report_only: ['run_id_missing'] })]
    const { code, stdout } = await report(['--json'], logText(['npm start', ...lines]))
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      {
        verdict: 'not_yet',
        source: 'log',
        otherLines: 1,
        requestsBefore: 0,
        thresholds: { minRequests: 1000, minSyncs: 1, minPeriod: '1d', accepted: [] },
        routes: [
          {
            route: 'app',
            policy: 'inngest',
            verdict: 'not_yet',
            checks: [
              {
                check: 'runId',
                verdict: 'not_yet',
                requests: 1,
                refusals: [
                  {
                    reason: 'run_id_missing',
                    blocking: true,
                    count: 1,
                    examples: [
                      { request_id: 'r0', remote_ip: '203.0.113.7', path: '/api/inngest' },
                    ],
                  },
                ],
              },
              {
                check: 'syncUrl',
                verdict: 'too_little_traffic',
                missing: [
                  { what: 'syncs', seen: '0', needed: '1' },
                  { what: 'period', seen: '0s', needed: '1d' },
                ],
              },
            ],
          },
        ],
      },
    ])
  })

  it('shows no secret and controls no terminal, whatever stands in it', async () => {
    const path = '/\u001b[31m/signkey-prod-12345678123456781234567812345678'
    const line = callLine({ report_only: ['run_id_missing'], path, remote_ip: '\u009b2J' })
    for (const args of [[], ['--json']]) {
      const { stdout } = await report(args, logText([startLine(['runId']), line]))
      expect(stdout).toContain('run_id_missing')
      expect(stdout).not.toContain('12345678123456781234567812345678')
      expect(stdout).not.toMatch(/[\u001b\u009b]/)
    }
  })
})

describe('the status of a running gateway', () => {
  it('gives the verdict on all workers to a client with the token', async () => {
    await withApp(async (app) => {
      const statusPage = { enabled: true, token: { env: 'STATUS_PAGE_TOKEN' } }
      const ops = { host: '127.0.0.1', port: 0, statusPage }
      const gateway = await startWorkers(app.url, { ops }, { STATUS_PAGE_TOKEN: token })
      await callSome(gateway, 40)
      await expect.poll(() => workersIn(gateway), patient).toEqual(new Set([1, 2]))
      const url = ['--url', `http://127.0.0.1:${String(gateway.opsPort)}`]
      const passed = async () => {
        const { code, stdout } = await report([...url, ...few], '', { STATUS_PAGE_TOKEN: token })
        return [code, /callIds .*\n {4}passed: (.*)/.exec(stdout)?.[1]]
      }
      await expect.poll(passed, patient).toEqual([0, '40 function calls'])
      const refused = await report(url, '', {})
      expect([refused.code, refused.stdout]).toEqual([2, ''])
      expect(refused.stderr).toContain('needs the status token')
    })
  })
})

describe('a wrong use', () => {
  const start = logText([startLine(['runId'])])

  it.each([
    [['--min-requests', '0'], '--min-requests: expected a whole number of at least 1, found "0"'],
    [['--min-syncs', 'all'], '--min-syncs: expected a whole number of at least 0, found "all"'],
    [['--min-period', '90'], '--min-period: expected a duration with its unit, 90ms or 90s'],
    [['--since', 'yesterday'], '--since: expected a time such as 2026-11-29T08:00:00Z'],
    [['--accept', 'run_id_misssing'], 'did you mean run_id_missing?'],
    [['--url', 'gateway:9090'], '--url: expected one such as http://127.0.0.1:9090'],
    [['--url', 'http://127.0.0.1:1', '--since', '2026-11-29'], '--since: expected without --url'],
    [['--url', 'http://127.0.0.1:1'], 'cannot reach http://127.0.0.1:1/status.json'],
  ])('ends with code 2 and says what to write: %j', async (args, message) => {
    const { code, stdout, stderr } = await report(args, start)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })

  it('ends with code 2 if the log does not say which checks are in report mode', async () => {
    const { code, stderr } = await report([], logText([callLine()]))
    expect(code).toBe(2)
    expect(stderr).toContain('or reload it (SIGHUP)')
    const { stdout } = await report(['--json'], '')
    expect(JSON.parse(stdout)).toHaveProperty('problem')
  })
})

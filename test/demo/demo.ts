/**
 * The gateway in front of a real app on the Inngest SDK: one admitted call, then one request for
 * each way to be refused that a sender can bring about. Exits 1 if any row is not what it should be.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { callBody, callTarget, startSdkApp } from '../support/sdk-app.ts'
import { send, signatureHeader, type Answer } from '../support/sender.ts'

const key = 'signkey-test-f00f3005a3666b359a79c2bc3380ce2715e62727ac461ae1a2618f8766029c9f'
const fallback = 'signkey-test-0123456789abcdef0123456789abcdef'
const main = new URL('../../gateway/main.ts', import.meta.url).pathname
const template = new URL('gateway.yaml', import.meta.url)

interface LogLine {
  readonly msg: string
  readonly listen?: string
  readonly ops?: string
  readonly decision?: string
  readonly reason?: string
}

interface RunningGateway {
  readonly process: ChildProcess
  readonly port: number
  readonly opsPort: number
  /** The record of the request that was answered last. */
  nextRecord(): Promise<LogLine>
}

async function startProcess(file: string): Promise<RunningGateway> {
  const child = spawn(process.execPath, [main, 'run', '--config', file], {
    env: { ...process.env, INNGEST_SIGNING_KEY: key, INNGEST_SIGNING_KEY_FALLBACK: fallback },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const line = await lines.next()
    if (line.done === true) throw new Error('the gateway ended; its message is above')
    return JSON.parse(line.value) as LogLine
  }
  const started = await next()
  const portOf = (text = '') => Number(text.split(':').at(-1))
  const ports = { port: portOf(started.listen), opsPort: portOf(started.ops) }
  return { process: child, ...ports, nextRecord: next }
}

interface Row {
  readonly request: string
  readonly reason: string
  readonly status: number
  readonly send: (port: number) => Promise<Answer>
}

function signed(
  id: string,
  change: Partial<{ key: string; at: number; age: number; body: string; target: string }> = {},
) {
  const at = (change.at ?? Math.floor(Date.now() / 1000)) - (change.age ?? 0)
  const signature = signatureHeader(change.key ?? key, callBody(id), at)
  return (port: number) =>
    send({
      port,
      target: change.target ?? callTarget,
      headers: { 'content-type': 'application/json', 'x-inngest-signature': signature },
      body: change.body ?? callBody(id),
    })
}

function rows(): Row[] {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const plain =
    (method: string, headers = {}, target = callTarget) =>
    (port: number) =>
      send({ port, method, headers, target })
  const again = signed('demo-1', { at: nowSeconds })
  const retargeted = signed('demo-1', {
    at: nowSeconds,
    target: '/api/inngest?fnId=shop-hello&stepId=other',
  })
  const big = Buffer.alloc(11 * 1024 * 1024, 0x20)
  const oversize = {
    'x-inngest-signature': signatureHeader(key, '', Math.floor(Date.now() / 1000)),
    'content-length': String(big.length),
    expect: '100-continue',
  }
  return [
    { request: 'signed call', reason: 'none', status: 200, send: again },
    {
      request: 'signed with the fallback key',
      reason: 'none',
      status: 200,
      send: signed('demo-2', { key: fallback }),
    },
    { request: 'the first call again', reason: 'replayed', status: 409, send: again },
    { request: 'the first call, other stepId', reason: 'replayed', status: 409, send: retargeted },
    {
      request: 'tampered body',
      reason: 'signature_mismatch',
      status: 401,
      send: signed('demo-3', { body: callBody('demo-x') }),
    },
    {
      request: 'wrong key',
      reason: 'signature_mismatch',
      status: 401,
      send: signed('demo-4', { key: 'signkey-test-beef' }),
    },
    {
      request: '301 s old',
      reason: 'timestamp_too_old',
      status: 401,
      send: signed('demo-5', { age: 301 }),
    },
    {
      request: '310 s ahead',
      reason: 'timestamp_too_new',
      status: 401,
      send: signed('demo-6', { age: -310 }),
    },
    {
      request: 'before the gateway started',
      reason: 'timestamp_before_start',
      status: 503,
      send: signed('demo-7', { age: 60 }),
    },
    {
      request: 'stepId twice',
      reason: 'target_ambiguous',
      status: 400,
      send: signed('demo-8', { target: `${callTarget}&stepId=b` }),
    },
    { request: 'a third call', reason: 'replay_cache_full', status: 503, send: signed('demo-9') },
    {
      request: 'a body that never ends',
      reason: 'body_timeout',
      status: 408,
      send: plain('POST', { ...oversize, 'content-length': '100' }),
    },
    {
      request: 'another address',
      reason: 'client_not_allowed',
      status: 403,
      send: (port) => send({ port, from: '127.0.0.2', target: callTarget }),
    },
    {
      request: 'a proxy that names nobody',
      reason: 'client_unidentified',
      status: 403,
      send: (port) => send({ port, from: '127.0.0.3', target: callTarget }),
    },
    {
      request: 'target //evil/api/inngest',
      reason: 'request_malformed',
      status: 400,
      send: plain('POST', {}, '//evil/api/inngest'),
    },
    { request: 'no signature', reason: 'signature_missing', status: 401, send: plain('PUT') },
    {
      request: 'malformed signature',
      reason: 'signature_malformed',
      status: 401,
      send: plain('POST', { 'x-inngest-signature': 't=1&s=2' }),
    },
    {
      request: '11 MiB body',
      reason: 'body_too_large',
      status: 413,
      send: plain('POST', oversize),
    },
    { request: 'PATCH', reason: 'method_not_allowed', status: 405, send: plain('PATCH') },
    {
      request: 'another path',
      reason: 'route_not_found',
      status: 404,
      send: plain('POST', {}, '/api/other'),
    },
    {
      request: 'GET with a body',
      reason: 'body_not_allowed',
      status: 400,
      send: (port) => send({ port, method: 'GET', body: 'x' }),
    },
  ]
}

async function sendRows(gateway: RunningGateway): Promise<number> {
  let wrong = 0
  console.log(line('request', 'decision', 'reason', 'status', 'time'))
  for (const row of rows()) {
    const startedMs = performance.now()
    const { status } = await row.send(gateway.port)
    const took = `${(performance.now() - startedMs).toFixed(1)} ms`
    const { decision = '', reason = '' } = await gateway.nextRecord()
    const isRight = status === row.status && reason === row.reason
    if (!isRight) wrong += 1
    const expected = isRight ? '' : `  <- expected ${row.reason} ${String(row.status)}`
    console.log(line(row.request, decision, reason, String(status), took) + expected)
  }
  return wrong
}

function line(
  request: string,
  decision: string,
  reason: string,
  status: string,
  time: string,
): string {
  return `${request.padEnd(30)}${decision.padEnd(10)}${reason.padEnd(24)}${status.padEnd(8)}${time.padStart(8)}`
}

async function askOps(port: number): Promise<number> {
  let wrong = 0
  for (const target of ['/metrics', '/healthz', '/readyz']) {
    const { status } = await send({ port, method: 'GET', target })
    if (status !== 200) wrong += 1
    console.log(`http://127.0.0.1:${String(port)}${target}  ${String(status)}`)
  }
  return wrong
}

const app = await startSdkApp(key, fallback)
const folder = mkdtempSync(path.join(tmpdir(), 'inngest-gateway-demo-'))
const file = path.join(folder, 'gateway.yaml')
writeFileSync(file, readFileSync(template, 'utf8').replace('UPSTREAM', app.url))
const gateway = await startProcess(file)
// Signatures of the second in which the gateway started are refused.
await new Promise((resolve) => setTimeout(resolve, 1100))
console.log(`app on ${app.url}, gateway on http://127.0.0.1:${String(gateway.port)}\n`)
let wrong = await sendRows(gateway)
if (app.runs() !== 2 || app.reached.length !== 2) wrong += 1
console.log(
  `\nthe app saw ${String(app.reached.length)} requests and ran its function ${String(app.runs())} times`,
)
wrong += await askOps(gateway.opsPort)
gateway.process.kill('SIGTERM')
const [exitCode] = (await once(gateway.process, 'exit')) as [number | null]
if (exitCode !== 0) wrong += 1
app.stop()
rmSync(folder, { recursive: true })
console.log(wrong === 0 ? '\nall as it should be' : `\n${String(wrong)} not as it should be`)
process.exitCode = wrong === 0 ? 0 : 1

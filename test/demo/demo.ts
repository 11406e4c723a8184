/**
 * The gateway in front of a real app on the Inngest SDK: one admitted call, then one request for
 * each way to be refused that a single sender can bring about at once. Exits 1 if any row is not what it should be.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { startSdkApp } from '../support/sdk-app.ts'
import { send } from '../support/sender.ts'
import { fallback, key, rows } from './rows.ts'

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
  return `${request.padEnd(30)}${decision.padEnd(10)}${reason.padEnd(30)}${status.padEnd(8)}${time.padStart(8)}`
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

/**
 * Two workers against one, in turn: `node bench/workers.ts [seconds] [rounds]`. App and load are
 * processes of their own. Where they have no cores of their own, calls a second say little; what counts
 * is the CPU that a call takes in the gateway, and how evenly its workers share it.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, cpus, setPriority, tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { imageFlags } from './image-flags.ts'
import { threadCpuMs } from './proc-stat.ts'

const KEY = 'signkey-test-12345678'
const BODY_BYTES = 2048
const CONNECTIONS = 64
const WARM_UP_SECONDS = 2

/** Of a connection: `close` is what Inngest's server sends. */
const uses = ['close', 'keep-alive'] as const
type Use = (typeof uses)[number]

interface Load {
  readonly port: number
  readonly use: Use
  readonly seconds: number
}

interface Cpu {
  /** Of the thread that runs the event loop, and of all, in microseconds. */
  readonly main: number
  readonly all: number
}

interface Result {
  readonly callsPerSecond: number
  /** Microseconds a call: of the whole gateway, and of what each of its processes does itself. */
  readonly cpu: number
  readonly mains: readonly number[]
}

const [, , role = '', ...rest] = process.argv
if (role === 'app') serveApp()
else if (role === 'load') await sendLoad(JSON.parse(rest[0] ?? '') as Load)
else await compare(Number(role || 8), Number(rest[0] ?? 3))

async function compare(seconds: number, rounds: number): Promise<void> {
  console.log(`${String(cpus().length)} cores, ${cpus()[0]?.model ?? ''}, node ${process.version}`)
  const app = fork(import.meta.filename, ['app'])
  const [appPort] = (await once(app, 'message')) as [number]
  const results = new Map<string, Result[]>()
  for (let round = 0; round < rounds; round += 1) {
    for (const use of uses) {
      for (const workers of [1, 2]) {
        const result = await measure(workers, use, appPort, seconds)
        const name = `${use} ${String(workers)}`
        results.set(name, [...(results.get(name) ?? []), result])
      }
    }
  }
  app.kill()
  for (const use of uses) tell(use, results.get(`${use} 1`) ?? [], results.get(`${use} 2`) ?? [])
}

function tell(use: Use, one: readonly Result[], two: readonly Result[]): void {
  const perCall = ({ cpu, mains }: Result) =>
    `${cpu.toFixed(0)} µs a call (${mains.map((main) => main.toFixed(0)).join(' + ')})`
  console.log(`\n${use}`)
  for (const [name, results] of [['1 worker', one] as const, ['2 workers', two] as const]) {
    for (const result of results) {
      console.log(`  ${name}: ${result.callsPerSecond.toFixed(0)} calls/s, ${perCall(result)}`)
    }
  }
  const whole = median(one.map(({ cpu }) => cpu)) / median(two.map(({ cpu }) => cpu))
  console.log(
    `  two on two cores carry ${(2 * whole).toFixed(2)} times the load of one on one core`,
  )
  // One is full when its event loop is; two are when one of theirs is, or both cores.
  const one1 = median(one.map(({ mains: [main = 0] }) => main))
  const two2 = median(two.map(({ cpu, mains }) => Math.max(cpu / 2, ...mains)))
  console.log(
    `  and ${(one1 / two2).toFixed(2)} times that of one with another core for its helpers`,
  )
}

async function measure(
  workers: number,
  use: Use,
  appPort: number,
  seconds: number,
): Promise<Result> {
  const gateway = await startGateway(workers, appPort)
  try {
    await load({ port: gateway.port, use, seconds: WARM_UP_SECONDS })
    const pids = [gateway.pid, ...childrenOf(gateway.pid)]
    // So that it always has something to do: the load and the app never wait for a core.
    for (const pid of pids) setPriority(pid, constants.priority.PRIORITY_LOW)
    const before = pids.map(cpuOf)
    const calls = await load({ port: gateway.port, use, seconds })
    const spent = pids.map((pid, i) => {
      const [now, then] = [cpuOf(pid), before[i]]
      return { main: now.main - (then?.main ?? 0), all: now.all - (then?.all ?? 0) }
    })
    return {
      callsPerSecond: calls / seconds,
      cpu: spent.reduce((sum, { all }) => sum + all, 0) / calls,
      mains: spent.map(({ main }) => main / calls),
    }
  } finally {
    await gateway.stop()
  }
}

async function startGateway(workers: number, appPort: number) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-workers-'))
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
ops: { host: 127.0.0.1, port: 0 }
workers: ${String(workers)}
allowlist: [127.0.0.1]
replay: { coldStart: accept }
shutdown: { delayMs: 0 }
routes: [{ name: app, upstream: "http://127.0.0.1:${String(appPort)}", signingKeys: [{ env: KEY }] }]
`,
  )
  const child = spawn(
    process.execPath,
    [...imageFlags, 'gateway/main.ts', 'run', '--config', file],
    {
      env: { KEY },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  child.stdout.resume()
  const { listen } = JSON.parse(line) as { listen: string }
  return {
    pid: child.pid ?? 0,
    port: Number(listen.split(':').at(-1)),
    stop: async () => {
      child.kill('SIGINT')
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

/** @returns how many calls were answered with 200. */
async function load(what: Load): Promise<number> {
  const child: ChildProcess = fork(import.meta.filename, ['load', JSON.stringify(what)])
  const [calls] = (await once(child, 'message')) as [number]
  await once(child, 'exit')
  return calls
}

function cpuOf(pid: number): Cpu {
  const ofThread = (thread: string) => threadCpuMs(pid, thread) * 1000
  const threads = readdirSync(`/proc/${String(pid)}/task`)
  return { main: ofThread(String(pid)), all: threads.map(ofThread).reduce((a, b) => a + b, 0) }
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

function serveApp(): void {
  const app = createServer((incoming, response) => {
    incoming.resume().on('end', () => response.end('{"ok":true}'))
  })
  app.keepAliveTimeout = 0
  app.listen(0, '127.0.0.1', () => process.send?.((app.address() as AddressInfo).port))
}

async function sendLoad({ port, use, seconds }: Load): Promise<void> {
  const agent = new Agent({ keepAlive: use === 'keep-alive', maxSockets: CONNECTIONS })
  const untilMs = performance.now() + seconds * 1000
  let calls = 0
  const callers = Array.from({ length: CONNECTIONS }, async (_, caller) => {
    for (let i = 0; performance.now() < untilMs; i += 1) {
      if (
        (await call(port, agent, `${String(process.pid)}-${String(caller)}-${String(i)}`)) === 200
      )
        calls += 1
    }
  })
  await Promise.all(callers)
  process.send?.(calls, () => {
    process.exit()
  })
}

function call(port: number, agent: Agent, id: string): Promise<number> {
  const head = `{"ctx":{"request_id":"${id}"},"event":{"data":"`
  const body = `${head}${'x'.repeat(BODY_BYTES - head.length)}"}}`
  const seconds = String(Math.floor(Date.now() / 1000))
  const bare = KEY.replace('signkey-test-', '')
  const mac = createHmac('sha256', bare).update(body).update(seconds).digest('hex')
  const headers = {
    'content-length': String(body.length),
    'x-inngest-signature': `t=${seconds}&s=${mac}`,
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  request({ port, host: '127.0.0.1', method: 'POST', path: '/api/inngest', headers, agent })
    .on('response', (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode ?? 0)
      })
    })
    .on('error', reject)
    .end(body)
  return promise
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** Workers that die, that cannot start, and that are told to end. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import {
  patient,
  postCall,
  processKey,
  readiness,
  signCall,
  startWorkers,
  statusOf,
  sumOf,
  workersIn,
  type SignedCall,
} from '../support/gateway-process.ts'
import { freePort } from '../support/free-port.ts'
import { open } from '../support/raw.ts'
import { mountSecret } from '../support/secret-mount.ts'

/** Where one start after the other fails: each takes its time, and the pauses between them grow to 10 s. */
const throughRestarts = { timeout: 60_000 }

/** One after the other. */
async function callUntil(isOver: () => boolean, port: number, sent: SignedCall[]): Promise<void> {
  while (!isOver()) {
    const call = signCall()
    sent.push(call)
    await statusOf(port, call)
  }
}

function timesSeen(requests: readonly { readonly body: string }[]): Map<string, number> {
  const seen = new Map<string, number>()
  for (const { body } of requests) seen.set(body, (seen.get(body) ?? 0) + 1)
  return seen
}

async function takePort(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

function runOn({ listen, ops }: { listen: number; ops: number }): SpawnSyncReturns<string> {
  const mount = mountSecret({
    'gateway.yaml': `listen: { host: 127.0.0.1, port: ${String(listen)} }
ops: { host: 127.0.0.1, port: ${String(ops)} }
workers: 2
routes: [{ name: app, upstream: "http://127.0.0.1:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]
`,
  })
  const args = ['gateway/main.ts', 'run', '--config', mount.fileOf('gateway.yaml')]
  return spawnSync(process.execPath, args, {
    env: { INNGEST_SIGNING_KEY: processKey },
    encoding: 'utf8',
    timeout: 25_000,
  })
}

function isAlive(pid: number): boolean {
  try {
    // One that nobody has asked for its exit code is dead all the same.
    return !/\) Z/.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('workers that end', () => {
  it('goes on when a worker is killed in mid-load, replaces it, and admits nothing twice', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url)
    const sent: SignedCall[] = []
    let isOver = false
    const callers = Array.from({ length: 8 }, () => callUntil(() => isOver, gateway.port, sent))
    await expect.poll(() => app.requests.length, patient).toBeGreaterThan(200)
    const countedBefore = sumOf(
      (await gateway.ops('/metrics')).body,
      'inngest_gateway_requests_total',
    )
    const [first = 0] = await gateway.workerPids()
    process.kill(first, 'SIGKILL')
    const reached = app.requests.length
    await expect.poll(() => app.requests.length, patient).toBeGreaterThan(reached + 200)
    await expect
      .poll(() => gateway.log.filter(({ msg }) => msg === 'worker replaced'), patient)
      .toHaveLength(1)
    expect(gateway.log).toContainEqual(
      expect.objectContaining({ level: 'error', msg: 'worker ended', why: 'signal SIGKILL' }),
    )
    await expect.poll(() => workersIn(gateway), patient).toContain(3)
    isOver = true
    await Promise.all(callers)

    // What was signed before it started, and spent with the one that died, is still spent.
    for (const call of sent) await statusOf(gateway.port, call)
    const seen = timesSeen(app.requests)
    expect(Math.max(...seen.values())).toBe(1)
    expect(sent.length - seen.size).toBeLessThan(20)
    await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
    const { body } = await gateway.ops('/metrics')
    expect(sumOf(body, 'inngest_gateway_requests_total')).toBeGreaterThan(countedBefore + 200)
    expect(body).toContain('inngest_gateway_workers_lost_total 1\n')
    expect(body).toContain('inngest_gateway_workers 2\n')
  }, 60_000)

  it('replaces a worker that does nothing any more, and leaves one that only paused', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    const [paused = 0, stuck = 0] = await gateway.workerPids()
    process.kill(paused, 'SIGSTOP')
    await expect.poll(() => readiness(gateway), patient).toBe('503 worker not responding')
    process.kill(paused, 'SIGCONT')
    process.kill(stuck, 'SIGSTOP')
    await expect.poll(() => gateway.workerPids(), { timeout: 30_000 }).not.toContain(stuck)
    await expect
      .poll(() => gateway.log, patient)
      .toContainEqual(expect.objectContaining({ msg: 'worker ended', why: 'no response for 10 s' }))
    await expect.poll(() => gateway.log.map(({ msg }) => msg), patient).toContain('worker replaced')
    expect(await gateway.workerPids()).toContain(paused)
    await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
  }, 60_000)

  it('loses none to a flood of scrapes, which hold up neither readiness nor a call', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    const scraper = (await open(gateway.opsPort)).pause()
    scraper.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4500))
    const startedMs = performance.now()
    expect(await readiness(gateway)).toBe('200 ok')
    expect((await postCall(gateway.port)).status).toBe(200)
    expect(performance.now() - startedMs).toBeLessThan(20_000)
    scraper.destroy()
  }, 60_000)

  it('refuses nothing that was signed before a replaced worker started', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url, {
      listen: { host: '127.0.0.1', port: await freePort() },
      replay: { coldStart: 'refuse', timeout: '10s' },
    })
    const before = Array.from({ length: 20 }, () => signCall())
    for (const pid of await gateway.workerPids()) process.kill(pid, 'SIGKILL')
    await expect
      .poll(() => gateway.log.filter(({ msg }) => msg === 'worker replaced'), patient)
      .toHaveLength(2)
    for (const call of before) expect(await statusOf(gateway.port, call)).toBe(200)
  }, 60_000)

  it('starts no worker that would serve by another configuration than the rest', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url)
    gateway.rewrite({ workers: 2, replay: { coldStart: 'accept', maxEntries: 5 } })
    const [first = 0] = await gateway.workerPids()
    process.kill(first, 'SIGKILL')
    await expect
      .poll(() => gateway.log.filter(({ msg }) => msg === 'worker ended').length, throughRestarts)
      .toBeGreaterThan(2)
    expect(gateway.log.findLast(({ msg }) => msg === 'worker ended')?.['why']).toContain(
      'replay.maxEntries: expected 1000000 until a restart, found 5',
    )
    expect((await postCall(gateway.port)).status).toBe(200)
    await expect.poll(() => readiness(gateway), patient).toBe('200 ok')
    gateway.rewrite({ workers: 2 })
    await expect
      .poll(() => gateway.log.map(({ msg }) => msg), throughRestarts)
      .toContain('worker replaced')
  }, 180_000)

  it('replaces workers while reload follows reload', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    for (const pid of await gateway.workerPids()) process.kill(pid, 'SIGKILL')
    // Some come before one has read the configuration, some while it puts it in force.
    const reloads = setInterval(() => gateway.child.kill('SIGHUP'), 10)
    await expect
      .poll(() => gateway.log.filter(({ msg }) => msg === 'worker replaced'), patient)
      .toHaveLength(2)
    clearInterval(reloads)
    await expect
      .poll(async () => (await gateway.ops('/metrics')).body, patient)
      .toContain('inngest_gateway_workers 2\n')
  }, 60_000)

  it('ends when no worker is left and none can be started', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    gateway.rewrite({ workers: 2, nonsense: true })
    for (const pid of await gateway.workerPids()) process.kill(pid, 'SIGKILL')
    expect(await gateway.ended).toBe(1)
    await expect
      .poll(() => gateway.log.at(-1), patient)
      .toMatchObject({
        msg: 'stopped after a failure',
        err: {
          message: expect.stringMatching(/^no worker is running, and none .* nonsense/s) as string,
        },
      })
  }, 120_000)

  it('goes on when one cannot start while another is starting', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    const before = await gateway.workerPids()
    for (const pid of before) process.kill(pid, 'SIGKILL')
    const fresh = async () => (await gateway.workerPids()).filter((pid) => !before.includes(pid))
    const count = async () => (await fresh()).length
    await expect.poll(count, { ...patient, interval: 10 }).toBeGreaterThanOrEqual(2)
    const [first = 0] = await fresh()
    process.kill(first, 'SIGKILL')
    await expect
      .poll(() => gateway.log.filter(({ msg }) => msg === 'worker replaced'), patient)
      .toHaveLength(2)
    expect((await postCall(gateway.port)).status).toBe(200)
  }, 60_000)

  it('says that it lost a worker while it stopped', async () => {
    let letGo = () => {}
    const held = new Promise<void>((resolve) => (letGo = resolve))
    const app = await startNamedApp('app', () => held)
    const gateway = await startWorkers(app.url, {
      shutdown: { delay: '0s', drainTimeout: '1m' },
    })
    const calls = Array.from({ length: 20 }, () => statusOf(gateway.port, signCall()))
    await expect.poll(() => app.requests.length, patient).toBe(20)
    gateway.child.kill('SIGTERM')
    await expect.poll(() => readiness(gateway), patient).toBe('503 draining')
    const [first = 0] = await gateway.workerPids()
    process.kill(first, 'SIGKILL')
    await expect
      .poll(() => gateway.log, patient)
      .toContainEqual(
        expect.objectContaining({ level: 'error', msg: 'worker ended', why: 'signal SIGKILL' }),
      )
    letGo()
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200, undefined]))
    expect(await gateway.ended).toBe(0)
    await expect
      .poll(() => gateway.log.at(-1), patient)
      .toMatchObject({
        level: 'warn',
        msg: 'stopped; some requests were aborted after shutdown.drainTimeout',
        requests_aborted: 0,
        workers_lost: 1,
      })
  })

  it('ends at once on a second signal, and its workers with it', async () => {
    const app = await startNamedApp('app', () => new Promise(() => undefined))
    const gateway = await startWorkers(app.url, {
      shutdown: { delay: '0s', drainTimeout: '10m' },
    })
    const call = postCall(gateway.port).catch(() => 'cut')
    await expect.poll(() => app.requests.length, patient).toBe(1)
    const pids = await gateway.workerPids()
    gateway.child.kill('SIGTERM')
    await expect.poll(() => readiness(gateway), patient).toBe('503 draining')
    gateway.child.kill('SIGTERM')
    expect(await gateway.ended).toBe(1)
    expect(await call).toBe('cut')
    for (const pid of pids) await expect.poll(() => isAlive(pid), patient).toBe(false)
  })

  it('leaves no worker behind when it is killed itself', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    const pids = await gateway.workerPids()
    expect(pids).toHaveLength(2)
    gateway.child.kill('SIGKILL')
    for (const pid of pids) await expect.poll(() => isAlive(pid), patient).toBe(false)
  })

  it.each(['listen', 'ops'])(
    'ends with 1 when the port of %s is taken',
    async (which) => {
      const { server, port } = await takePort()
      const { status, stderr } = runOn({ listen: 0, ops: 0, [which]: port })
      expect(status).toBe(1)
      expect(stderr.match(/could not start: .*address already in use/g)).toHaveLength(1)
      server.close()
    },
    60_000,
  )

  it('lets no other gateway of several workers on its port', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    const { status, stderr } = runOn({ listen: gateway.port, ops: 0 })
    expect(status).toBe(1)
    expect(stderr.match(/could not start: .*address already in use/g)).toHaveLength(1)
    expect((await postCall(gateway.port)).status).toBe(200)
  }, 60_000)
})

/** Several workers on one port: one replay cache, one set of metrics, one configuration. */
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
} from '../support/gateway-process.ts'
import { listeningSockets } from '../support/listening-sockets.ts'

describe('a gateway of two workers', () => {
  it('admits one of a thousand copies of a call, sent at once', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url)
    const call = signCall()
    const copies = Array.from({ length: 1000 }, () => postCall(gateway.port, call))
    const statuses = (await Promise.all(copies)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(999)
    expect(app.requests).toHaveLength(1)
    await expect.poll(() => workersIn(gateway), patient).toEqual(new Set([1, 2]))
  })

  it('refuses every replay, whichever worker it comes to, and its metrics add up', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url)
    const calls = Array.from({ length: 100 }, () => signCall())
    const sendAll = async () =>
      (await Promise.all(calls.map((call) => postCall(gateway.port, call)))).map(
        ({ status }) => status,
      )
    expect(new Set(await sendAll())).toEqual(new Set([200]))
    for (let i = 0; i < 3; i += 1) expect(new Set(await sendAll())).toEqual(new Set([409]))
    expect(app.requests).toHaveLength(100)
    await expect.poll(() => workersIn(gateway), patient).toEqual(new Set([1, 2]))
    let body = ''
    const sums = async () => {
      body = (await gateway.ops('/metrics')).body
      return {
        connections: sumOf(body, 'inngest_gateway_connections '),
        admitted: sumOf(body, 'inngest_gateway_requests_total', 'code="200"'),
        replayed: sumOf(body, 'inngest_gateway_requests_total', 'reason="replayed"'),
        timed: sumOf(body, 'inngest_gateway_request_duration_seconds_count'),
        claimed: sumOf(body, 'inngest_gateway_replay_claims_total', 'claimed'),
      }
    }
    // A worker that is too busy to tell is left out of a reading.
    await expect
      .poll(sums, patient)
      .toEqual({ connections: 0, admitted: 100, replayed: 300, timed: 400, claimed: 100 })
    expect(body).toContain('inngest_gateway_replay_cache_entries 100\n')
    expect(body).toContain('inngest_gateway_replay_cache_capacity 1000000\n')
    expect(body).toContain('inngest_gateway_replay_store_up 1\n')
    expect(body).toContain('inngest_gateway_config_last_reload_successful 1\n')
    expect(body).toContain('inngest_gateway_workers 2\n')
    expect(body.match(/^inngest_gateway_config_info\{.*\} 1$/gm)).toHaveLength(1)
    expect(body.match(/^# TYPE inngest_gateway_requests_total /gm)).toHaveLength(1)
    expect(body).toMatch(/^process_start_time_seconds \d+$/m)
  })

  it('listens in each of them', async () => {
    const { port } = await startWorkers((await startNamedApp('app')).url)
    expect(listeningSockets(port)).toBe(64)
  })

  it('drains under load and loses nothing', async () => {
    let letGo = () => {}
    const held = new Promise<void>((resolve) => (letGo = resolve))
    const app = await startNamedApp('app')
    const slow = await startNamedApp('slow', () => held)
    const signingKeys = [{ env: 'INNGEST_SIGNING_KEY' }]
    const gateway = await startWorkers(app.url, {
      shutdown: { delay: '5s', drainTimeout: '1m' },
      routes: [
        { name: 'app', upstream: app.url, signingKeys },
        { name: 'slow', path: '/slow', upstream: slow.url, signingKeys },
      ],
    })
    const { body, signature } = signCall()
    const headers = { 'x-inngest-signature': signature }
    const url = `http://127.0.0.1:${String(gateway.port)}/slow`
    const long = fetch(url, { method: 'POST', body, headers })
    await expect.poll(() => slow.requests.length, patient).toBe(1)
    const statuses: (number | undefined)[] = []
    let left = Infinity
    const callers = Array.from({ length: 4 }, async () => {
      for (; left > 0; left -= 1) statuses.push(await statusOf(gateway.port, signCall()))
    })
    await expect.poll(() => statuses.length, patient).toBeGreaterThan(20)
    gateway.child.kill('SIGTERM')
    await expect.poll(() => readiness(gateway), patient).toBe('503 draining')
    left = 40
    await Promise.all(callers)
    expect(new Set(statuses)).toEqual(new Set([200]))
    const late = () => postCall(gateway.port).catch((error: unknown) => String(error))
    await expect.poll(late, patient).toContain('ECONNREFUSED')
    expect((await gateway.ops('/healthz')).status).toBe(200)
    letGo()
    expect(await (await long).text()).toBe('slow')
    expect(await gateway.ended).toBe(0)
    expect(gateway.log).toContainEqual(
      expect.objectContaining({ msg: 'draining', signal: 'SIGTERM' }),
    )
    expect(gateway.log.at(-1)).toMatchObject({ msg: 'stopped' })
  }, 60_000)

  it('reloads in every worker, on a changed file and on SIGHUP', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url)
    const rotated = {
      workers: 2,
      routes: [
        { name: 'app', upstream: app.url, signingKeys: [{ env: 'INNGEST_SIGNING_KEY_FALLBACK' }] },
      ],
    }
    gateway.rewrite(rotated)
    const reloadedIn = (trigger: string) =>
      gateway.log
        .filter((line) => line['msg'] === 'configuration reloaded' && line['trigger'] === trigger)
        .map(({ worker }) => worker)
        .sort()
    await expect.poll(() => reloadedIn('file'), patient).toEqual([1, 2])
    const statuses = async (key: string) => {
      const calls = Array.from({ length: 40 }, () => statusOf(gateway.port, signCall(key)))
      return new Set(await Promise.all(calls))
    }
    expect(await statuses(processKey)).toEqual(new Set([401]))
    expect(await statuses('signkey-test-99999999999999999999999999999999')).toEqual(new Set([200]))
    gateway.child.kill('SIGHUP')
    await expect.poll(() => reloadedIn('signal'), patient).toEqual([1, 2])
    // One that has another configuration than the rest is seen.
    gateway.rewrite({ ...rotated, workers: 3 })
    await expect
      .poll(async () => (await gateway.ops('/metrics')).body, patient)
      .toContain('inngest_gateway_config_last_reload_successful 0\n')
    expect(gateway.log.at(-1)?.['problems']).toEqual([
      expect.stringContaining('workers: expected 2 until a restart, found 3'),
    ])
  })

  it('changes the log level of its primary too', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    const metrics = async () => (await gateway.ops('/metrics')).body
    gateway.rewrite({ workers: 2, log: { level: 'error' } })
    await expect
      .poll(metrics, patient)
      .toContain('inngest_gateway_config_reloads_total{result="success"} 2\n')
    const [first = 0] = await gateway.workerPids()
    process.kill(first, 'SIGKILL')
    await expect.poll(metrics, patient).toContain('inngest_gateway_workers_lost_total 1\n')
    await expect.poll(metrics, patient).toContain('inngest_gateway_workers 2\n')
    const said = () => gateway.log.map(({ msg }) => msg)
    expect(said()).toContain('worker ended')

    gateway.rewrite({ workers: 2, log: { level: 'info' } })
    const reloaded = () => said().filter((msg) => msg === 'configuration reloaded')
    await expect.poll(reloaded, patient).toHaveLength(2)
    expect(said()).not.toContain('worker replaced')
    gateway.child.kill('SIGTERM')
    expect(await gateway.ended).toBe(0)
    expect(said().at(-1)).toBe('stopped')
  })

  it('minds signals to all its processes as one to itself', async () => {
    const gateway = await startWorkers((await startNamedApp('app')).url)
    for (const pid of await gateway.workerPids()) {
      process.kill(pid, 'SIGHUP')
      process.kill(pid, 'SIGINT')
      process.kill(pid, 'SIGTERM')
    }
    expect((await postCall(gateway.port)).status).toBe(200)
    expect(gateway.log.map(({ msg }) => msg)).not.toContain('worker ended')
  })
})

/** The status page of several workers is that of one gateway. */
import { describe, expect, it } from 'vitest'

import type { Status } from '../../gateway/ops/status/status.ts'
import { startNamedApp } from '../support/apps.ts'
import {
  patient,
  postCall,
  signCall,
  startWorkers,
  workersIn,
  type GatewayProcess,
} from '../support/gateway-process.ts'

const ops = { host: '127.0.0.1', port: 0, statusPage: { enabled: true } }

async function statusOf(gateway: GatewayProcess): Promise<Status> {
  return JSON.parse((await gateway.ops('/status.json')).body) as Status
}

describe('the status page of two workers', () => {
  it('adds up what each has seen, with the one replay cache', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url, { ops })
    const calls = Array.from({ length: 60 }, () => signCall())
    const forged = Array.from({ length: 30 }, () => signCall('signkey-test-00000000'))
    await Promise.all([...calls, ...forged].map((call) => postCall(gateway.port, call)))
    await expect.poll(() => workersIn(gateway), patient).toEqual(new Set([1, 2]))
    let status = await statusOf(gateway)
    const total = (decision: 'admitted' | 'refused') =>
      status.minutes.reduce((sum, { decisions }) => sum + decisions[decision], 0)
    // A worker that is too busy to tell is left out of a reading.
    const totals = async () => {
      status = await statusOf(gateway)
      return [status.processes, total('admitted'), total('refused')]
    }
    await expect.poll(totals, patient).toEqual([2, 60, 30])
    expect(status).toMatchObject({
      reasons: [{ reason: 'signature_mismatch', count: 30 }],
      routes: [{ route: 'app', seen: { answers: 60, faults: 0 } }],
      replay: { entries: 60, capacity: 1_000_000 },
    })
    expect(status.recent).toHaveLength(40 + 30)
    expect(new Set(status.recent.map(({ key }) => key.split('-')[0])).size).toBe(2)
    const page = await gateway.ops('/status')
    expect([page.status, page.body.includes('60 responses')]).toEqual([200, true])
  })

  it('is not there unless it is asked for', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url)
    expect((await gateway.ops('/status')).status).toBe(404)
  })
})

/** Workers of one gateway learn together which `fnId` belongs to which signed `ctx.fn_id`. */
import { describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import {
  patient,
  processKey,
  startWorkers,
  workersIn,
  type GatewayProcess,
} from '../support/gateway-process.ts'
import { send, signatureHeader } from '../support/sender.ts'

let serial = 0

/** Of a run of its own, and on a connection of its own. */
async function call({ port }: GatewayProcess, id: number, fnId: string): Promise<number> {
  serial += 1
  const body = `{"ctx":{"fn_id":"id-${String(id)}","request_id":"r${String(serial)}","run_id":"run-${String(serial)}"},"version":1}`
  const signature = signatureHeader(processKey, body, Math.floor(Date.now() / 1000))
  const target = `/api/inngest?fnId=${fnId}&stepId=step`
  const headers = { 'x-inngest-signature': signature }
  return (await send({ port, target, body, headers })).status
}

describe('a gateway of two workers', () => {
  it('refuses a contradiction in each of them, whichever of them learned the pair', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url, { checks: { functionId: 'enforce' } })
    const ids = Array.from({ length: 50 }, (_, i) => i)
    // Two calls teach a pair, often one to each worker. Whichever of the two is asked next, it knows.
    for (let run = 0; run < 2; run += 1) {
      const taught = await Promise.all(ids.map((id) => call(gateway, id, 'a')))
      expect(new Set(taught)).toEqual(new Set([200]))
    }
    for (let i = 0; i < 3; i += 1) {
      const swapped = await Promise.all(ids.map((id) => call(gateway, id, 'b')))
      expect(new Set(swapped)).toEqual(new Set([401]))
    }
    const honest = await Promise.all(ids.map((id) => call(gateway, id, 'a')))
    expect(new Set(honest)).toEqual(new Set([200]))
    await expect.poll(() => workersIn(gateway), patient).toEqual(new Set([1, 2]))
    const refusals = () => gateway.log.filter(({ reason }) => reason === 'function_id_mismatch')
    await expect.poll(() => refusals().length, patient).toBe(150)
    expect(app.requests).toHaveLength(150)
  }, 60_000)
})

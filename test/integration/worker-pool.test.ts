import cluster from 'node:cluster'
import { once } from 'node:events'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'

import type { Assignment } from '../../gateway/workers/messages.ts'
import type { SharedMemory } from '../../gateway/workers/worker-process.ts'
import { WorkerPool } from '../../gateway/workers/worker-pool.ts'

/** Of which an idle worker wants nothing. */
const options = {
  assignment: { workers: 2 } as Assignment,
  memory: {} as SharedMemory,
  onLost: () => undefined,
}

afterEach(async () => {
  for (const worker of Object.values(cluster.workers ?? {})) {
    worker?.process.kill('SIGKILL')
    if (worker !== undefined) await once(worker, 'exit')
  }
})

describe('WorkerPool', () => {
  it('replaces a worker that hangs in its start', async () => {
    cluster.setupPrimary({ exec: 'test/support/idle-worker.ts', execArgv: [] })
    const log: Record<string, unknown>[] = []
    const write = (line: string) => log.push(JSON.parse(line) as Record<string, unknown>)
    const pool = new WorkerPool({ ...options, logger: pino({}, { write }), startWithinMs: 10_000 })
    await pool.start()
    cluster.workers?.[1]?.process.kill('SIGKILL')
    await expect
      .poll(() => log.find(({ msg }) => msg === 'worker replaced'), { timeout: 45_000 })
      .toBeDefined()
    expect(log).toContainEqual(
      expect.objectContaining({
        worker: 3,
        msg: 'worker ended',
        why: 'not serving 10 s after its start',
      }),
    )
    expect(pool.serving).toHaveLength(2)
    await pool.stop(0)
  }, 60_000)
})

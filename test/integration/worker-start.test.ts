import cluster from 'node:cluster'
import { afterEach, describe, expect, it } from 'vitest'

import { readSettingsFile } from '../../gateway/config/load.ts'
import { WorkerProcess, type SharedMemory } from '../../gateway/workers/worker-process.ts'
import { mountSecret } from '../support/secret-mount.ts'

function writeConfiguration(): string {
  const key = mountSecret({ key: 'signkey-test-12345678123456781234567812345678' }).fileOf('key')
  const route = `{ name: app, upstream: "http://127.0.0.1:1", signingKeys: [{ file: ${key} }] }`
  return mountSecret({ 'gateway.yaml': `routes: [${route}]\n` }).fileOf('gateway.yaml')
}

const workers: WorkerProcess[] = []
afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.kill()
    await worker.ended
  }
})

function start(): { worker: WorkerProcess; hasRead: Promise<string> } {
  const file = writeConfiguration()
  const reading = readSettingsFile(file, {})
  if (!reading.ok) throw new Error('the configuration has problems')
  const { config } = reading.settings
  const args = ['run', '--config', file]
  cluster.setupPrimary({ exec: 'gateway/main.ts', execArgv: [], args, silent: true })
  const assignment = { config, workers: 1, port: 0, sinceSeconds: 0 }
  // What it tells first is the level of the configuration that it has read.
  const { promise: hasRead, resolve } = Promise.withResolvers<string>()
  const worker = new WorkerProcess(assignment, {} as SharedMemory, resolve)
  workers.push(worker)
  return { worker, hasRead }
}

describe('a worker that starts', () => {
  it('serves though it is told to reload before it knows what to serve', async () => {
    const { worker } = start()
    worker.tell({ kind: 'reload' })
    await worker.serving
  })

  it('makes up for a reload that comes when it has read the configuration', async () => {
    const { worker, hasRead } = start()
    await hasRead
    worker.tell({ kind: 'reload' })
    await worker.serving
    // It obeys in the order in which it is told: by its answer it has reloaded, or never will.
    const metrics = await worker.ask('metrics')
    expect(metrics?.answer).toContainEqual(
      expect.objectContaining({
        name: 'inngest_gateway_config_reloads_total',
        values: [expect.objectContaining({ labels: { result: 'success' }, value: 1 })],
      }),
    )
  })
})

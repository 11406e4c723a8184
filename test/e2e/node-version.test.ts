/** The suite runs on two versions of Node: each process that a test starts must run on that version. */
import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'

import { startWorkers } from '../support/gateway-process.ts'

describe('the Node that runs the tests', () => {
  it('is the one that `npm run test:node26` installed, if that runs them', () => {
    const { node } = process.versions
    expect(node).toBe(process.env['EXPECTED_NODE_VERSION'] ?? node)
  })

  it('is first on the PATH', () => {
    const { stdout } = spawnSync('node', ['--version'], { encoding: 'utf8' })
    expect(stdout.trim()).toBe(process.version)
  })

  it('runs the gateway and its workers', async () => {
    const gateway = await startWorkers('http://127.0.0.1:9')
    const pids = [gateway.child.pid ?? 0, ...(await gateway.workerPids())]
    expect(pids).toHaveLength(3)
    const binaries = await Promise.all(pids.map((pid) => readlink(`/proc/${String(pid)}/exe`)))
    expect(new Set(binaries)).toEqual(new Set([realpathSync(process.execPath)]))
    const { body } = await gateway.ops('/metrics')
    expect(body).toContain(`nodejs_version_info{version="${process.version}"`)
  })
})

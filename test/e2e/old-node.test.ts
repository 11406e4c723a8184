/** A Node that is too old for the gateway says which one is needed, and nothing else happens. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** Node as it is, but for the version that it names. */
function runAs(version: string): { status: number | null; stdout: string; stderr: string } {
  const versions = `{ ...process.versions, node: '${version}' }`
  const disguise = `data:text/javascript,Object.defineProperty(process, 'versions', { value: ${versions} })`
  const args = ['--import', disguise, 'gateway/main.ts', 'version']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('the entry point', () => {
  it.each(['0.12.18', '18.20.8', '22.99.0', '24.2.0', '24.18.0'])(
    'refuses to start on Node %s, with one sentence',
    (version) => {
      expect(runAs(version)).toEqual({
        status: 2,
        stdout: '',
        stderr: `inngest-gateway needs Node 24 from 24.18.1 or Node 26 from 26.10.0; this is Node ${version}.\n`,
      })
    },
  )

  it.each(['24.18.1', '24.100.0', '26.10.0', '100.0.0'])('starts on Node %s', (version) => {
    expect(runAs(version)).toMatchObject({ status: 0, stderr: '' })
  })
})

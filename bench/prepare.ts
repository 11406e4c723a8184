/** What must be there before a run: the peers, the Go programs, a folder of its own. */
import { spawnSync } from 'node:child_process'
import { accessSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { Candidate } from './candidates.ts'

const here = import.meta.dirname

/** @throws with the command that installs what is missing: nothing is skipped in silence. */
export function requirePrograms(wanted: readonly Candidate[]): void {
  const missing = wanted.flatMap(({ name, programs }) =>
    programs.filter((program) => !isThere(program)).map((program) => `${name} needs ${program}`),
  )
  if (!isThere('taskset')) missing.push('every process needs taskset')
  if (missing.length === 0) return
  throw new Error(
    `${missing.join('\n')}\nInstall it with: bash bench/install-peers\n` +
      'or leave a candidate out with: --without NAME',
  )
}

function isThere(program: string): boolean {
  try {
    if (program.includes('/')) accessSync(path.resolve(here, '..', program))
    else return spawnSync('which', [program]).status === 0
    return true
  } catch {
    return false
  }
}

export function scratchFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'bench-'))
}

export interface GoPrograms {
  readonly upstream: string
  readonly goGateway: string
}

export function buildGoPrograms(folder: string): GoPrograms {
  return {
    upstream: build(folder, 'upstream', ['upstream/main.go']),
    goGateway: build(folder, 'go-gateway', [
      'peers/go-gateway/main.go',
      'peers/go-gateway/canonical.go',
    ]),
  }
}

function build(folder: string, name: string, sources: readonly string[]): string {
  const output = path.join(folder, name)
  const { status, stderr } = spawnSync('go', ['build', '-o', output, ...sources], {
    cwd: here,
    encoding: 'utf8',
    env: { ...process.env, GOCACHE: path.join(folder, 'go-cache'), GOFLAGS: '-mod=mod' },
  })
  if (status !== 0) throw new Error(`go build of ${name}: ${stderr}`)
  return output
}

/** The completions that a shell offers when an operator presses Tab. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect } from 'vitest'

import type { Shell } from '../../gateway/cli/completion.ts'

const folders: string[] = []
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGTERM')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const name = 'inngest-gateway'

/**
 * @param script the output of `completion`.
 * @param line after the name of the program, up to the cursor.
 * @returns the words, sorted, in a folder with two files: `gateway one.yaml` and `gateway.yaml`.
 */
export async function offered(shell: Shell, script: string, line: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'completing-'))
  folders.push(folder)
  for (const file of ['gateway.yaml', 'gateway one.yaml'])
    writeFileSync(path.join(folder, file), '')
  writeFileSync(path.join(folder, 'script'), script)
  const words = await runners[shell](folder, line)
  return [...new Set(words.filter((word) => word !== ''))].sort()
}

const environment = (folder: string) => ({
  PATH: process.env['PATH'],
  HOME: folder,
  TERM: 'xterm',
  SHELL: '/bin/sh',
})

function run(folder: string, program: string, args: readonly string[]): string[] {
  const options = { cwd: folder, env: environment(folder), encoding: 'utf8' } as const
  const { stdout, stderr, status } = spawnSync(program, args, options)
  expect([status, stderr]).toEqual([0, ''])
  return stdout.split('\n')
}

/** Words as bash splits them, at spaces and `=`. */
function bashWords(line: string): string[] {
  return [name, ...line.replaceAll('=', ' = ').split(' ')]
}

/** Calls the function as readline does, with the split words. */
function inBash(folder: string, line: string): Promise<string[]> {
  const program = `source ./script
    words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); }
    words "$@"
    $(complete -p ${name} | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    printf '%s\\n' "\${COMPREPLY[@]}"`
  return Promise.resolve(run(folder, 'bash', ['--norc', '-c', program, 'bash', ...bashWords(line)]))
}

function inFish(folder: string, line: string): Promise<string[]> {
  const program = `source ./script; complete -C '${name} ${line}'`
  const lines = run(folder, 'fish', ['--no-config', '-c', program])
  return Promise.resolve(lines.map((text) => text.replace(/\t.*/, '').replace(/^--[^=]*=/, '')))
}

const END = '--noted--'

/** On a terminal, because zsh completes only there. */
async function inZsh(folder: string, line: string): Promise<string[]> {
  const setUp = `
    PROMPT='ready> '
    autoload -Uz compinit && compinit -u -D
    source ./script
    compadd() {
      if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
        local -a hits
        builtin compadd -A hits "$@"
        print -rl -- $hits >>matches
      fi
      builtin compadd "$@"
    }
    noted() { print -r -- '${END}' >>matches }
    comppostfuncs=(noted)`
  writeFileSync(path.join(folder, '.zshrc'), setUp)
  writeFileSync(path.join(folder, 'matches'), '')
  const child = spawn('script', ['-qfec', 'exec zsh -d -i', '/dev/null'], {
    cwd: folder,
    env: { ...environment(folder), ZDOTDIR: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const closed = once(child, 'close')
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
  await expect.poll(() => shown, { timeout: 20_000 }).toContain('ready> ')
  child.stdin.write(`${name} ${line}\t`)
  const readMatches = () => readFileSync(path.join(folder, 'matches'), 'utf8').split('\n')
  await expect.poll(readMatches, { timeout: 20_000 }).toContain(END)
  child.stdin.write('\x15exit\r')
  await closed
  const matches = readMatches().filter((text) => text !== END)
  // In the form that zsh would insert.
  return matches.map((text) => text.replace(/=$/, '').replaceAll('\\', ''))
}

const runners = { bash: inBash, fish: inFish, zsh: inZsh }

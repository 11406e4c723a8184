/**
 * A page that a reader follows command by command, executed in the same way. HTML comments above the blocks of
 * the page state their kind: `file: NAME` is written, `run` and `run in the background` are run by bash in that
 * folder, `output` is the output of the previous command, with `…` for variable parts.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { freePort } from './free-port.ts'

export interface Step {
  readonly kind: 'file' | 'run' | 'run in the background' | 'output'
  /** The name of a file. */
  readonly name: string
  readonly text: string
  /** The number of the block's first line. */
  readonly line: number
}

const BLOCK =
  /<!-- (?:(file): (\S+)|(run in the background|run|output)) -->\n+```[a-z]+\n(.*?)^```/gms

export function stepsOf(page: string): Step[] {
  const whole = readFileSync(page, 'utf8')
  return [...whole.matchAll(BLOCK)].map(
    ({ index, 0: block, 1: file, 2: name = '', 3: kind, 4: text = '' }) => ({
      kind: (file ?? kind ?? 'file') as Step['kind'],
      name,
      text,
      line: whole.slice(0, index + block.indexOf('```')).split('\n').length + 1,
    }),
  )
}

/** npx keeps packages in the home of its user; pages only use it for this program. */
const npx = `#!/bin/sh
[ "$1 $2" = '--no-install inngest-gateway' ] || exit 127
shift 2
exec '${process.execPath}' '${path.resolve('gateway/main.ts')}' "$@"
`

export class Walkthrough {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'walkthrough-'))
  readonly #children: ChildProcess[] = []
  readonly #env: Readonly<Record<string, string>>
  readonly #ports = new Map<string, string>()
  #printed = ''

  /** @param env of every command. */
  constructor(env: Readonly<Record<string, string>> = {}) {
    const bin = path.join(this.folder, 'bin')
    mkdirSync(bin)
    writeFileSync(path.join(bin, 'npx'), npx)
    chmodSync(path.join(bin, 'npx'), 0o755)
    // The result of the reader's `npm ci`.
    symlinkSync(path.resolve('node_modules'), path.join(this.folder, 'node_modules'))
    const nodeFolder = path.dirname(process.execPath)
    this.#env = {
      PATH: `${bin}:${nodeFolder}:${process.env['PATH'] ?? ''}`,
      HOME: this.folder,
      ...env,
    }
  }

  /** Replaces the ports of the page with free ones. */
  async usePorts(...ports: readonly number[]): Promise<void> {
    for (const port of ports) this.#ports.set(`:${String(port)}`, `:${String(await freePort())}`)
  }

  /** @returns the text of the page with the ports of this run. */
  adapted(text: string): string {
    let adapted = text.replaceAll(
      /(\bport: |\blisten\()(\d+)/g,
      (_, before: string, port: string) => {
        return `${before}${(this.#ports.get(`:${port}`) ?? `:${port}`).slice(1)}`
      },
    )
    for (const [written, used] of this.#ports) adapted = adapted.replaceAll(written, used)
    return adapted
  }

  write({ name, text }: Step): void {
    writeFileSync(path.join(this.folder, name), this.adapted(text))
  }

  /** @returns the exit code, or undefined for a command in the background. */
  run({ kind, text }: Step): number | null | undefined {
    const args = ['-c', this.adapted(text)]
    const where = { cwd: this.folder, env: this.#env }
    if (kind === 'run in the background') {
      // In its own process group, so that the children of bash end with it.
      this.#children.push(spawn('bash', args, { ...where, stdio: 'ignore', detached: true }))
      return undefined
    }
    const { status, stdout } = spawnSync('bash', args, { ...where, encoding: 'utf8' })
    this.#printed = stdout
    return status
  }

  /** @returns lines of the page that the last command did not print, in this order. */
  missing({ text }: Step): string[] {
    const printed = this.#printed.split(/\r?\n/)
    let from = 0
    const isMissing = (line: string) => {
      const at = printed.findIndex((each, i) => i >= from && fits(each, line))
      if (at !== -1) from = at + 1
      return at === -1
    }
    return this.adapted(text).trimEnd().split('\n').filter(isMissing)
  }

  get printed(): string {
    return this.#printed
  }

  async stop(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      const ended = once(child, 'exit')
      if (child.exitCode === null && child.pid !== undefined) {
        process.kill(-child.pid, 'SIGKILL')
        await ended
      }
    }
    rmSync(this.folder, { recursive: true })
  }
}

/** Whether a line matches that of the page, in which `…` stands for any text. */
function fits(line: string, written: string): boolean {
  const [first = '', ...rest] = written.split('…')
  const last = rest.pop()
  if (last === undefined) return line === written
  if (!line.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = line.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return line.length - last.length >= at && line.endsWith(last)
}

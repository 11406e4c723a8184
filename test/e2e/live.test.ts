/**
 * `npm run test:live` up to the start of Inngest's server, which is not there in CI: a stand-in of it
 * (test/live/model) shows with what it is started, that the harness sends its workload through the gateway,
 * and that a wrong decision fails it. It shows nothing of a real server.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'

import { afterAll, describe, expect, it } from 'vitest'

const standIn = 'test/live/model/server.ts'
const folder = mkdtempSync(path.join(tmpdir(), 'live-test-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function runLive(...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, ['test/live/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code: child.exitCode, out, err }
}

function program(name: string, script: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

const isRunning = (pid: number) => existsSync(`/proc/${String(pid)}`)

describe('a live run', () => {
  it('starts the server as an operator does, counts its traffic, and stops it', async () => {
    const file = path.join(folder, 'arguments.json')
    const { code, out, err } = await runLive(
      ...['--inngest', standIn, '--seconds', '100', `--option=--write-arguments=${file}`],
    )
    expect({ code, err, wrong: out.match(/^WRONG.*/gm) }).toEqual({ code: 0, err: '', wrong: null })
    expect(out).toMatch(/^no wrong decision$/m)
    expect(out).toMatch(/^app sync +1 +1 +0 +0 +0$/m)
    expect(out).toMatch(/^streaming sync +1 +1 +0 +0 +0$/m)
    expect(out).toMatch(/^endpoints re-entry +([1-9]\d*) +\1 +0 +0 +0$/m)
    expect(out).toMatch(/^durable +3 +3$/m)
    const { positionals, values, pid, directory, env } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly positionals: readonly string[]
      readonly values: Readonly<Record<string, unknown>>
      readonly pid: number
      readonly directory: string
      readonly env: readonly string[]
    }
    expect(positionals).toEqual(['start'])
    expect(values).toMatchObject({
      host: '127.0.0.1',
      'signing-key': expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      'event-key': expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      'sdk-url': [
        expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/inngest\?a=1&b=%3C2%3E$/),
        expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/streaming$/),
      ],
      'sqlite-dir': directory,
      'poll-interval': '60',
    })
    expect(env.toSorted()).toEqual(['DO_NOT_TRACK', 'HOME', 'PATH'])
    expect([isRunning(pid), existsSync(directory)]).toEqual([false, false])
  }, 150_000)

  it('fails if one request is refused that the server sent', async () => {
    const { code, out } = await runLive(
      ...['--inngest', standIn, '--seconds', '100', '--option=--repeat-calls'],
    )
    expect(code).toBe(1)
    expect(out).toMatch(
      /^WRONG an honest request was refused: app call live-steps, replayed, 409$/m,
    )
    expect(out).toMatch(/^\d+ wrong$/m)
    expect(out).not.toContain('did not end')
  }, 150_000)

  it('says how many apps were synced if not all are, and what the gateway logged', async () => {
    const { code, err } = await runLive(
      ...['--inngest', standIn, '--start-seconds', '5', '--option=--no-sync'],
    )
    expect(code).toBe(1)
    expect(err).toBe('the server synced 0 of 2 apps within 5 s. The gateway logged: no request\n')
  }, 60_000)

  it('shows the last lines of a server that ends by itself', async () => {
    const file = program('ends', 'echo first; echo "bind: address already in use" >&2; exit 3')
    const { code, err } = await runLive('--inngest', file)
    expect(code).toBe(1)
    expect(err).toContain(`${file} ended by itself (exit code 3). It printed:\n`)
    expect(err).toContain('bind: address already in use')
  }, 60_000)

  it('shows the last lines of a server that is not healthy in time, and ends what it started', async () => {
    const file = program('hangs', 'echo waiting for a database $$; sleep 600; echo never')
    const { code, err } = await runLive('--inngest', file, '--start-seconds', '2')
    expect(code).toBe(1)
    expect(err).toMatch(/hangs did not serve http:\S+\/health within 2 s\. It printed:\n/)
    const [, pid] = /waiting for a database (\d+)/.exec(err) ?? []
    expect(isRunning(Number(pid))).toBe(false)
  }, 60_000)

  it('ends the server when it is stopped itself', async () => {
    const pidFile = path.join(folder, 'pid')
    const file = program(
      'waits',
      `echo $$ >${pidFile}.new; mv ${pidFile}.new ${pidFile}; sleep 600`,
    )
    const child = spawn(process.execPath, ['test/live/main.ts', '--inngest', file], {
      stdio: 'ignore',
    })
    const exited = once(child, 'exit')
    await expect.poll(() => existsSync(pidFile), { timeout: 30_000 }).toBe(true)
    const pid = Number(readFileSync(pidFile, 'utf8'))
    expect(isRunning(pid)).toBe(true)
    child.kill('SIGTERM')
    await exited
    expect([child.exitCode, isRunning(pid)]).toEqual([1, false])
  }, 60_000)

  it('names a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const port = String((server.address() as AddressInfo).port)
    const { code, err } = await runLive('--inngest', standIn, '--port', port)
    server.close()
    expect(code).toBe(1)
    expect(err).toBe(`--port: port ${port} is in use: name another one, or leave it out\n`)
  })

  it.each([
    ['no program', [], /^--inngest is missing: the path of Inngest's server\. Usage: npm run/],
    [
      'a program that is missing',
      ['--inngest', '/nowhere/inngest'],
      /^--inngest: there is no file \/nowhere\/inngest$/m,
    ],
    [
      'a folder',
      ['--inngest', 'test'],
      /^--inngest: test is not a file: name the program itself$/m,
    ],
    [
      'a file that is not executable',
      ['--inngest', 'package.json'],
      /^--inngest: package\.json is not executable: run chmod \+x on it$/m,
    ],
    [
      'a port that is no number',
      ['--inngest', standIn, '--port', 'http'],
      /^--port is a whole number from 1 to 99999$/m,
    ],
  ])('refuses %s', async (_, args, message) => {
    const { code, err } = await runLive(...args)
    expect(code).toBe(1)
    expect(err).toMatch(message)
  })
})

/** Every example that `--help` shows, run by a shell as an operator would. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(path.join(tmpdir(), 'examples-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
mkdirSync(path.join(folder, '.config/fish/completions'), { recursive: true })
const shim = `#!/bin/sh\nexec '${process.execPath}' '${path.resolve('gateway/main.ts')}' "$@"\n`
const files = {
  'inngest-gateway': shim,
  'gateway.yaml': `allowlist: [203.0.113.0/24]
routes:
  - name: billing
    upstream: http://127.0.0.1:3000
    signingKeys: [{ env: INNGEST_SIGNING_KEY }]
`,
  'gateway.log': `{"msg":"started","routes":[{"name":"billing","policy":"inngest","report":[]}]}
{"decision":"admitted","reason":"none","client_ip":"203.0.113.7"}
`,
  'body.json': '{"ctx":{"run_id":"r"},"event":{},"events":[],"steps":{},"use_api":false}',
}
for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
chmodSync(path.join(folder, 'inngest-gateway'), 0o755)

function inBash(line: string) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
    cwd: folder,
    env: {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      INNGEST_SIGNING_KEY: 'signkey-test-12345678123456781234567812345678',
    },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const commandsIn = (help: string) =>
  [...help.matchAll(/^ {2}([a-z][\w-]*) /gm)].map(([, name]) => name ?? '')
const commands = commandsIn(inBash('inngest-gateway help').stdout)

/** Under the heading, with lines that go on put together. */
const examplesOf = (help: string) =>
  (help.split('\nExamples:\n')[1] ?? '')
    .replaceAll(/ \\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

const examples = commands.flatMap((command) =>
  examplesOf(inBash(`inngest-gateway ${command} --help`).stdout).map((line) => ({ command, line })),
)

describe('an example in --help', () => {
  it('is shown for every command, with its name', () => {
    expect(commands).toContain('run')
    expect([...new Set(examples.map(({ command }) => command))]).toEqual(commands)
    for (const { command, line } of examples) expect(line).toContain(`inngest-gateway ${command}`)
  })

  const offline = examples.filter(
    ({ line }) =>
      !/ (?:run --|record --|healthcheck|(?:conformance|rollout-report) --url|ips --drift|bypass-check)/.test(
        line,
      ),
  )
  it.each(offline)('works: $line', ({ line }) => {
    expect(inBash(line)).toMatchObject({ status: 0, stderr: '' })
  })

  const running = examples.filter(({ command }) => command === 'run')
  it.each(running)('starts up to the port, which is wrong here: $line', ({ line }) => {
    const { status, stdout, stderr } = inBash(`${line} --port none`)
    expect([status, stdout, stderr.split('\n').slice(1)]).toEqual([2, '', ['1 problem', '']])
    expect(stderr).toMatch(/^command line: --port: /)
  })

  it('is understood in the help of bypass-check, with addresses where nothing listens', () => {
    const { line = '' } = examples.find(({ command }) => command === 'bypass-check') ?? {}
    const nowhere = line.replaceAll(/https?:\/\/[^/]+/g, 'http://127.0.0.1:1')
    const { status, stdout, stderr } = inBash(nowhere)
    expect([status, stderr]).toEqual([2, ''])
    expect(stdout).toContain('reachable around the gateway: cannot tell')
  })

  it.each(examples.filter(({ command }) => command === 'record'))(
    'is understood up to the token, which is not set here: $line',
    ({ line }) => {
      const { status, stdout, stderr } = inBash(line)
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toBe(
        '--token-env: set the variable STATUS_PAGE_TOKEN to the token of the status page\n',
      )
    },
  )

  it.each([
    ['rollout-report', 'http://127.0.0.1:9090', 2],
    ['healthcheck', 'http://127.0.0.1:9090/readyz', 1],
    ['conformance', 'https://gateway.example.com/api/inngest', 2],
    ['ips --drift', 'http://127.0.0.1:9090', 2],
  ])(
    'is understood in the help of %s, with an address where nothing listens',
    (name, url, code) => {
      const { line = '' } =
        examples.find(({ line: each }) => each.endsWith(`${name} --url ${url}`)) ?? {}
      const { status, stdout, stderr } = inBash(line.replace(url, 'http://127.0.0.1:1/'))
      expect(status).toBe(code)
      expect(stdout + stderr).toContain('http://127.0.0.1:1/')
      expect(stderr).not.toMatch(/^error: /)
    },
  )
})

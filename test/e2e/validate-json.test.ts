/** `validate --json`: one document for editors and pipelines, whatever the configuration is. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

import { mountSecret } from '../support/secret-mount.ts'

const KEY = 'signkey-test-12345678123456781234567812345678'

function validate(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['gateway/main.ts', 'validate', ...args],
    { env: { INNGEST_SIGNING_KEY: KEY, ...env }, encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

interface Report {
  readonly problems: readonly { readonly path: string; readonly message: string }[]
}

/** @returns the exit code and the document, where that is all that was printed. */
function validateJson(args: readonly string[], env?: Record<string, string>) {
  const { status, stdout, stderr } = validate([...args, '--json'], env)
  expect(stderr).toBe('')
  return [status, JSON.parse(stdout) as Report] as const
}

const fileOf = (text: string) => mountSecret({ 'gateway.yaml': text }).fileOf('gateway.yaml')

const good = `routes:
  - name: billing
    upstream: http://127.0.0.1:3000
    signingKeys: [{ env: INNGEST_SIGNING_KEY }]
`

describe('validate --json', () => {
  it('prints ok, and no problem or warning, for a configuration without a mistake', () => {
    const expected = { ok: true, problems: [], warnings: [] }
    expect(validateJson(['--config', fileOf(good)])).toEqual([0, expected])
    expect(validateJson(['--upstream', 'http://127.0.0.1:3000'])).toEqual([0, expected])
  })

  it('prints every problem with its place, and the message that is printed without --json', () => {
    const file = fileOf(`${good}log: { level: loud }\nworkers: many\n`)
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }
    const [status, report] = validateJson(['--config', file], env)
    expect(status).toBe(2)
    const messages = report.problems.map(({ message }) => message)
    expect(report).toEqual({
      ok: false,
      problems: [
        {
          file,
          line: 5,
          path: 'log.level',
          expected: 'one of debug, info, warn, error, silent',
          found: '"loud"',
          message: `${file}:5: log.level: expected one of debug, info, warn, error, silent, found "loud"`,
        },
        expect.objectContaining({ file, line: 6, path: 'workers', found: '"many"' }),
        expect.objectContaining({
          file: 'environment',
          line: null,
          path: 'OTEL_EXPORTER_OTLP_ENDPOINT',
          found: '"collector:4318"',
        }),
      ],
      warnings: [],
    })
    const { stderr } = validate(['--config', file])
    expect(stderr).toBe(`${messages.slice(0, 2).join('\n')}\n2 problems\n`)
  })

  it('prints warnings with their fields', () => {
    const file = fileOf(`${good}    checks: { replay: report }\n`)
    const fields = { route: 'billing', check: 'replay', mode: 'report' }
    expect(validateJson(['--config', file])).toEqual([
      0,
      { ok: true, problems: [], warnings: [{ message: 'a check is not enforced', fields }] },
    ])
  })

  it.each([
    ['no configuration', []],
    ['both --config and --upstream', ['--config', 'a.yaml', '--upstream', 'http://a']],
  ])('prints a problem of the command line: %s', (found, args) => {
    const expected = '--config FILE, or --upstream URL with INNGEST_SIGNING_KEY set'
    const problem = { file: 'command line', line: null, path: '', expected, found }
    const message = `command line: expected ${expected}, found ${found}`
    expect(validateJson(args)).toEqual([
      2,
      { ok: false, problems: [{ ...problem, message }], warnings: [] },
    ])
    expect(validate(args)).toEqual({
      status: 2,
      stdout: '',
      stderr: `${found}: give ${expected}\n`,
    })
  })

  it('prints a problem of a file that cannot be read, or is no YAML', () => {
    expect(validateJson(['--config', '/nonexistent/gateway.yaml'])).toEqual([
      2,
      expect.objectContaining({ ok: false, problems: [expect.objectContaining({ line: null })] }),
    ])
    const file = fileOf('routes: [\n')
    expect(validateJson(['--config', file])).toEqual([
      2,
      expect.objectContaining({ problems: [expect.objectContaining({ expected: 'valid YAML' })] }),
    ])
  })

  it('stays one document, in ASCII and without secrets, whatever the file holds', () => {
    const name = '-----BEGIN PRIVATE KEY-----TOPSECRET\\e[2J\\u202e\\x9b'
    const [status, report] = validateJson(['--config', fileOf(`"${name}": 1\n${good}`)])
    expect(status).toBe(2)
    const { stdout } = validate(['--config', fileOf(`"${name}": 1\n${good}`), '--json'])
    expect(stdout).toMatch(/^[\x20-\x7e\n]+$/)
    expect(stdout).not.toContain('TOPSECRET')
    const [problem] = report.problems
    expect(problem).toMatchObject({ path: '[redacted]', line: 1 })
  })
})

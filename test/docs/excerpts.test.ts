/** Every excerpt of output in the documentation is what the program writes. */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { describeRollout } from '../../gateway/cli/rollout-text.ts'
import { judgeRollout } from '../../gateway/cli/rollout-verdict.ts'
import { terminalLine } from '../../gateway/record/terminal-line.ts'
import { defaultThresholds } from '../../gateway/rollout/verdict.ts'
import { blocksOf, pages } from '../support/documents.ts'
import { callLine, readLog, startLine } from '../support/rollout-log.ts'
import { stepsOf } from '../support/walkthrough.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'excerpts-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const excerpt = (language: string, page: string) =>
  blocksOf(language).find((block) => block.page === page)?.text ?? ''

describe('an excerpt of output', () => {
  it('is the document of validate --json', () => {
    const lines = [
      'routes:',
      '  - name: billing',
      '    upstream: http://127.0.0.1:3000',
      '    signingKeys: [{ env: INNGEST_SIGNING_KEY }]',
      'log: { level: loud }',
    ]
    writeFileSync(path.join(folder, 'gateway.yaml'), lines.join('\n'))
    const { stdout, status } = spawnSync(
      process.execPath,
      [path.resolve('gateway/main.ts'), 'validate', '--config', 'gateway.yaml', '--json'],
      { cwd: folder, env: { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }, encoding: 'utf8' },
    )
    expect(status).toBe(2)
    expect(JSON.parse(excerpt('json', 'docs/reference/command-line.md'))).toEqual(
      JSON.parse(stdout),
    )
  })

  it('is what a terminal shows of three log lines', () => {
    const time = (second: number) => new Date(2026, 10, 29, 1, 38, second).toISOString()
    const request = { level: 'info', method: 'POST', path: '/api/inngest', route: 'billing' }
    const refusal = { decision: 'refused', reason: 'signature_missing', status: 401 }
    const lines = [
      {
        ...{ ...request, time: time(44), decision: 'admitted', reason: 'none', status: 200 },
        ...{ client_ip: '3.140.194.254', duration_ms: 12.4 },
      },
      { ...request, time: time(45), ...refusal, client_ip: '127.0.0.1', duration_ms: 2.9 },
      {
        ...{ level: 'warn', time: time(46), msg: 'a check is not enforced' },
        ...{ route: 'billing', check: 'replay', mode: 'report' },
      },
    ]
    const shown = lines.map((line) =>
      terminalLine(JSON.stringify(line), { isColored: false, isVerbose: false }),
    )
    expect(excerpt('text', 'docs/reference/log-fields.md')).toBe(shown.join(''))
  })

  it('is the report of a rollout', async () => {
    const [route, path] = ['billing', '/api/inngest']
    const calls = [...Array(1600).keys()].map((minute) => callLine({ route, path }, minute))
    const changed = { report_only: ['run_id_mismatch'], request_id: '01KB9T4V7Q' }
    const lines = [
      startLine(['syncUrl', 'runId', 'replay'], 'inngest', route),
      ...calls,
      callLine({ route, path, ...changed }, 1234),
    ]
    const { routes, ...uncounted } = await readLog(lines)
    const thresholds = { ...defaultThresholds, accepted: new Set<string>() }
    const rollout = judgeRollout(routes, thresholds, { source: 'log', ...uncounted })
    expect(excerpt('text', 'docs/how-to/roll-out.md')).toBe(`${describeRollout(rollout)}\n`)
  })

  it('is tested in every page that has one', () => {
    const withExcerpts = ['json', 'text'].flatMap((language) =>
      blocksOf(language)
        .filter(({ page, line }) => !stepsOf(page).some((step) => step.line === line))
        .map(({ page }) => page),
    )
    expect([...new Set(withExcerpts)].sort()).toEqual([
      'docs/how-to/bypass-check.md', // test/e2e/bypass-check.test.ts
      'docs/how-to/conformance.md', // test/e2e/conformance.test.ts
      'docs/how-to/deploy-managed-platforms.md', // managed-platforms.test.ts
      'docs/how-to/roll-out.md',
      'docs/how-to/sync.md', // test/integration/registered-schemes.test.ts
      'docs/how-to/troubleshoot-refused-request.md', // troubleshooting.test.ts
      'docs/reference/command-line.md',
      'docs/reference/log-fields.md',
    ])
  })

  it('is compared with the output in each page that a test follows command by command', () => {
    const followed = pages.filter((page) => stepsOf(page).length > 0)
    const tests = globSync('test/docs/*.test.ts').map((file) => readFileSync(file, 'utf8'))
    for (const page of followed) {
      expect(
        tests.some((text) => text.includes(`'${page}'`) && text.includes('new Walkthrough(')),
        page,
      ).toBe(true)
    }
  })

  it('is in a language that is listed, as is every other block', () => {
    const run = ['js', 'log', 'sh'] // with the page, command by command, or by the test of that page
    const parsed = ['json', 'mermaid', 'promql', 'text', 'yaml']
    const read = ['dockerfile', 'gotemplate', 'toml'] // by readers only
    const languages = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/^ *```(\w+)$/gm)].map(([, language]) => language),
    )
    expect([...new Set(languages)].sort()).toEqual([...run, ...parsed, ...read].sort())
  })
})

/** Every excerpt of output in the documentation is what the program writes. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { terminalLine } from '../../gateway/record/terminal-line.ts'
import { blocksOf, pages } from '../support/documents.ts'

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

  it('is tested in every page that has one', () => {
    // Those of conformance.md are in test/e2e/conformance.test.ts, and that of sync.md in
    // test/integration/registered-schemes.test.ts.
    const withExcerpts = ['json', 'text'].flatMap((language) =>
      blocksOf(language).map(({ page }) => page),
    )
    expect([...new Set(withExcerpts)].sort()).toEqual([
      'docs/how-to/conformance.md',
      'docs/how-to/sync.md',
      'docs/reference/command-line.md',
      'docs/reference/log-fields.md',
    ])
    const languages = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/^ *```(\w+)$/gm)].map(([, language]) => language),
    )
    expect([...new Set(languages)].sort()).toEqual(['json', 'mermaid', 'sh', 'text', 'yaml'])
  })
})

/** The files of .github, as the published schemas, actionlint and zizmor read them. */
// @module-tag workflows
import { globSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'

import { fetchSchemas, type Schemas } from '../support/github-schemas.ts'
import { runProgram } from '../support/program.ts'
import { workflowFiles } from '../support/workflows.ts'

const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'

const schemaOf = (file: string) => {
  if (file.startsWith('.github/workflows/')) return 'github-workflows'
  if (file === '.github/ISSUE_TEMPLATE/config.yml') return 'github-issue-config'
  if (file.startsWith('.github/ISSUE_TEMPLATE/')) return 'github-issue-forms'
  return 'renovate'
}

const files = globSync('.github/**/*.{yml,json}').toSorted()
let schemas: Schemas

beforeAll(() => {
  schemas = fetchSchemas()
}, 120_000)

const read = (file: string) => readFileSync(file, 'utf8')

describe('a file of .github', () => {
  it('is read by these tests', () => {
    expect(files).toEqual([
      '.github/ISSUE_TEMPLATE/bug.yml',
      '.github/ISSUE_TEMPLATE/config.yml',
      '.github/ISSUE_TEMPLATE/feature.yml',
      '.github/renovate.json',
      ...workflowFiles,
    ])
  })

  it.each(files)('fits its published schema: %s', (file) => {
    expect(schemas.problemsOf(schemaOf(file), read(file))).toEqual([])
  })

  it.each([
    ['.github/workflows/release.yml', 'runs-on: ubuntu-24.04', 'run-on: ubuntu-24.04'],
    ['.github/ISSUE_TEMPLATE/bug.yml', 'type: dropdown', 'type: list'],
    ['.github/ISSUE_TEMPLATE/config.yml', 'contact_links:', 'contacts:'],
    ['.github/renovate.json', '"prConcurrentLimit": 4', '"prConcurrentLimit": "four"'],
  ])('would not fit its schema with a mistake: %s', (file, from, to) => {
    const text = read(file)
    expect(text).toContain(from)
    expect(schemas.problemsOf(schemaOf(file), text.replace(from, to))).not.toEqual([])
  })
})

/** The release that the Go SDK needs too, so that an older Go fetches one and no more. */
function toolchain(): string {
  const isNewEnough = /^go version go1\.(?:2[5-9]|[3-9]\d)/.test(runProgram('go', ['version']).said)
  return isNewEnough ? 'local' : 'go1.25.9'
}

describe('the workflows', () => {
  it('have no mistake that actionlint finds', () => {
    const env = { ...process.env, GOTOOLCHAIN: toolchain(), GOFLAGS: '', CGO_ENABLED: '0' }
    // What it says of the shell depends on whether ShellCheck is on this machine.
    const args = ['run', ACTIONLINT, '-shellcheck=', '-pyflakes=', '-no-color']
    const { code, said } = runProgram('go', args, { env })
    // Go says what it fetches.
    const problems = said.split('\n').filter((line) => line !== '' && !line.startsWith('go: '))
    expect([code, problems]).toEqual([0, []])
  }, 300_000)

  it('have no weakness that zizmor finds', () => {
    const args = ['--offline', '--no-progress', '--persona=pedantic', '--quiet', '.github']
    const { code, said } = runProgram('zizmor', args)
    expect([code, said]).toEqual([0, expect.stringContaining('No findings to report')])
  })
})

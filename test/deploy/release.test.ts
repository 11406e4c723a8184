/** What build/release.ts refuses to release, and what it makes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { releaseNotes } from '../../build/release-notes.ts'
import { version } from '../../gateway/version.ts'
import { startRegistry } from '../support/npm-registry.ts'
import { runProgram } from '../support/program.ts'
import { copyRepository, type RepositoryCopy } from '../support/repository-copy.ts'

const tag = `v${version}`
let copy: RepositoryCopy

beforeAll(() => {
  copy = copyRepository()
})

afterAll(() => {
  copy.remove()
})

function release(...args: readonly string[]) {
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' }
  return runProgram(process.execPath, ['build/release.ts', ...args], { cwd: copy.folder, env })
}

/** @returns what the check says while a file of the copy is changed. */
function checkedWith(file: string, from: string, to: string): string {
  const place = path.join(copy.folder, file)
  const text = readFileSync(place, 'utf8')
  expect(text).toContain(from)
  writeFileSync(place, text.replace(from, to))
  const { code, said } = release('check', tag)
  writeFileSync(place, text)
  expect(code).toBe(1)
  return said
}

describe('the check of a tag', () => {
  it('passes for the version of the repository', () => {
    expect(release('check', tag)).toEqual({ code: 0, said: '' })
  })

  it.each(['v9.9.9', version, 'main'])('refuses the tag %s, and names the right one', (wrong) => {
    const { code, said } = release('check', wrong)
    expect([code, said]).toEqual([
      1,
      `the tag is ${wrong} and package.json has ${tag.slice(1)}: write ${tag}, or set the version\n`,
    ])
  })

  it.each([
    ['Dockerfile', `ARG VERSION=${version}`],
    ['deploy/helm/inngest-gateway/Chart.yaml', `\nversion: ${version}`],
    ['deploy/helm/inngest-gateway/Chart.yaml', `\nappVersion: ${version}`],
    ['deploy/helm/examples/sidecar/Chart.yaml', `version: ${version}`],
    ['deploy/kubernetes/base/deployment.yaml', `inngest-gateway:${version}`],
    ['deploy/kubernetes/examples/sidecar/kustomization.yaml', `newTag: ${version}`],
    ['deploy/kubernetes/README.md', `?ref=v${version}`],
    ['docs/reference/command-line.md', `./inngest-gateway-${version}.tgz`],
    ['package-lock.json', `"version": "${version}"`],
  ])('refuses another version in %s: %s', (file, text) => {
    const said = checkedWith(file, text, text.replace(version, '9.9.9'))
    expect(said).toContain(`${file}: `)
    expect(said).toContain(`write ${version} instead of 9.9.9`)
  })

  it('refuses a file that no longer names a version where it did', () => {
    const said = checkedWith('Dockerfile', `ARG VERSION=${version}`, 'ARG VERSION')
    expect(said).toMatch(/^Dockerfile: names no version; /)
  })

  it('refuses a pre-release, which npm would install by default', () => {
    const said = checkedWith('package.json', `"version": "${version}"`, '"version": "1.0.0-rc.1"')
    expect(said).toBe('package.json: 1.0.0-rc.1 is not of the form 1.2.3\n')
  })

  it('refuses a version that the changelog does not describe', () => {
    const said = checkedWith('CHANGELOG.md', `## ${version}`, '## 9.9.9')
    expect(said).toBe(`CHANGELOG.md needs one section "## ${version}" that says what changed\n`)
  })
})

describe('the notes of a release', () => {
  const changelog = `# Changelog

## 2.0.0

Lines are
joined.

- [SECURITY] One
  item.
- [CHANGE] Another ([page](docs/README.md#reference), [site](https://example.com)).

## 1.0.0

## 0.9.0

Same.

## 0.9.0

Again.
`

  it('are the section of the version, with a line for each item and whole links', () => {
    expect(releaseNotes(changelog, '2.0.0')).toBe(`Lines are joined.

- [SECURITY] One item.
- [CHANGE] Another ([page](https://github.com/inngest-gateway/inngest-gateway/blob/v2.0.0/docs/README.md#reference), [site](https://example.com)).
`)
  })

  it.each(['1.0.0', '0.9.0', '2.0', '3.0.0'])('are refused for %s', (wrong) => {
    expect(() => releaseNotes(changelog, wrong)).toThrow(`needs one section "## ${wrong}"`)
  })

  it('are printed for this version', () => {
    const { code, said } = release('notes', tag)
    expect(code).toBe(0)
    expect(said).toMatch(/^\S/)
    expect(said).not.toMatch(/\]\(docs\//)
    const items = readFileSync('CHANGELOG.md', 'utf8').match(/^- \[[A-Z]+\]/gm) ?? []
    expect(said.match(/^- \[[A-Z]+\]/gm)).toEqual(items)
  })
})

describe('the files of a release', { tags: ['kubernetes'] }, () => {
  const files = () => path.join(copy.folder, 'files')

  beforeAll(() => {
    expect(release('files', tag, files())).toEqual({ code: 0, said: '' })
  }, 120_000)

  it('are the archive, its bill of materials, the chart and the notes', () => {
    expect(readdirSync(files()).toSorted()).toEqual([
      `inngest-gateway-${version}.cdx.json`,
      `inngest-gateway-${version}.tgz`,
      `inngest-gateway-chart-${version}.tgz`,
      'notes.md',
    ])
  })

  it('have the bill of materials that is in the archive', () => {
    const inArchive = runProgram('bash', [
      '-c',
      `tar -xzOf '${files()}/inngest-gateway-${version}.tgz' package/dist/sbom.cdx.json`,
    ])
    const apart = readFileSync(`${files()}/inngest-gateway-${version}.cdx.json`, 'utf8')
    expect(inArchive).toEqual({ code: 0, said: apart })
  })

  it('have a chart that Helm installs', () => {
    const chart = `${files()}/inngest-gateway-chart-${version}.tgz`
    const values = 'deploy/helm/inngest-gateway/ci/minimal-values.yaml'
    const { code, said } = runProgram('helm', ['template', 'gateway', chart, '--values', values])
    expect([code, said]).toEqual([0, expect.stringContaining(`inngest-gateway:${version}`)])
  })

  it('have an archive that `npm publish` takes, for all and as the newest', async () => {
    const archive = `${files()}/inngest-gateway-${version}.tgz`
    // One that has no package, whatever was released of this one.
    const registry = await startRegistry()
    const child = spawn('npm', ['publish', archive, '--dry-run', '--registry', registry.url])
    const lines = child.stderr.setEncoding('utf8').toArray()
    const [code] = (await once(child, 'close')) as [number | null]
    const said = (await lines).join('')
    registry.stop()
    expect([code, said]).toEqual([0, expect.stringContaining(`version: ${version}\n`)])
    expect(said).toMatch(/with tag latest and public access \(dry-run\)/)
  })
})

/** What the hosted workflow for a release publishes and signs, step by step. */
import { verify } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { runProgram } from '../support/program.ts'
import { chartDigest, imageDigest, prepareSteps, type Steps } from '../support/release-steps.ts'

const IMAGE = 'ghcr.io/inngest-gateway/inngest-gateway'
const CHART = 'ghcr.io/inngest-gateway/charts/inngest-gateway'

/** Those of build/release.ts and build/deb.ts. */
const files = {
  'inngest-gateway-1.2.3.tgz': 'archive',
  'inngest-gateway-1.2.3.cdx.json': '{}',
  'inngest-gateway-chart-1.2.3.tgz': 'chart',
  'inngest-gateway_1.2.3_amd64.deb': 'package',
  'notes.md': 'notes',
}

let steps: Steps

beforeEach(() => {
  steps = prepareSteps('v1.2.3', files)
})

afterEach(() => {
  steps.remove()
})

const named = (args: readonly string[], option: string) => args[args.indexOf(option) + 1]

describe('the image of a release', () => {
  const step = 'Build for both architectures, push and sign'

  it('is pushed with its version and commit, and signed by its digest', () => {
    const { code, started } = steps.run('image', step)
    expect(code).toBe(0)
    const [build = [], ...signed] = started
    expect(build.slice(0, 3)).toEqual(['docker', 'buildx', 'build'])
    expect([named(build, '--platform'), named(build, '--tag'), build.at(-1)]).toEqual([
      'linux/amd64,linux/arm64',
      `${IMAGE}:1.2.3`,
      '.',
    ])
    expect(build).toContain('VERSION=1.2.3')
    expect(build).toContain('REVISION=0123456789abcdef0123456789abcdef01234567')
    const sbom = ['--type', 'cyclonedx', '--predicate', 'files/inngest-gateway-1.2.3.cdx.json']
    expect(signed).toEqual([
      ['cosign', 'sign', '--yes', `${IMAGE}@${imageDigest}`],
      ['cosign', 'attest', '--yes', ...sbom, `${IMAGE}@${imageDigest}`],
    ])
  })

  it('is not signed if it was not pushed', () => {
    const { code, started } = steps.run('image', step, 'docker')
    expect([code, started.map(([program]) => program)]).toEqual([1, ['docker']])
  })
})

describe('the chart of a release', () => {
  it('is pushed as an OCI artifact, and signed by its digest', () => {
    expect(steps.run('chart', 'Push and sign')).toEqual({
      code: 0,
      started: [
        [
          'helm',
          'push',
          'files/inngest-gateway-chart-1.2.3.tgz',
          'oci://ghcr.io/inngest-gateway/charts',
        ],
        ['cosign', 'sign', '--yes', `${CHART}@${chartDigest}`],
      ],
    })
  })

  it('is not signed if it was not pushed', () => {
    const { code, started } = steps.run('chart', 'Push and sign', 'helm')
    expect([code, started.map(([program]) => program)]).toEqual([1, ['helm']])
  })
})

it.each(['image', 'chart'])('keeps the token out of arguments in the log-in for the %s', (job) => {
  const { code, started, password } = steps.run(job, 'Log in to the registry')
  expect(code).toBe(0)
  expect(password).toBe('${{ secrets.GITHUB_TOKEN }}\n')
  expect(JSON.stringify(started)).not.toContain('secrets')
})

it('publishes the archive itself, with provenance', () => {
  expect(steps.run('npm', 'Publish the archive').started).toEqual([
    ['npm', 'publish', './files/inngest-gateway-1.2.3.tgz', '--provenance'],
  ])
})

describe('the checksums of a release', () => {
  const at = (name: string) => path.join(steps.folder, 'files', name)
  const check = () =>
    runProgram('bash', ['-c', 'sha256sum --check --quiet SHA256SUMS'], { cwd: at('') }).code
  const isSigned = () =>
    verify(
      'sha256',
      readFileSync(at('SHA256SUMS')),
      steps.publicKey,
      readFileSync(at('SHA256SUMS.sigstore.json')),
    )

  beforeEach(() => {
    expect(steps.run('release', 'Sign the checksums').code).toBe(0)
  })

  it('are of every file that is offered, and of no other', () => {
    const lines = readFileSync(at('SHA256SUMS'), 'utf8').trim().split('\n')
    const names = lines.map((line) => line.split('  ')[1])
    const offered = Object.keys(files).filter((name) => name !== 'notes.md')
    expect(names.toSorted()).toEqual(offered.toSorted())
  })

  it('are signed, and find a changed file', () => {
    expect([check(), isSigned()]).toEqual([0, true])
    appendFileSync(at('inngest-gateway-1.2.3.tgz'), '!')
    expect(check()).toBe(1)
  })

  it('are not those that were signed once a line is changed', () => {
    appendFileSync(at('SHA256SUMS'), '\n')
    expect(isSigned()).toBe(false)
  })

  it('are offered with the files, and the notes are the text of the release', () => {
    const { code, started } = steps.run('release', 'Create the release')
    const [[program, ...args] = []] = started
    expect([code, program, args.slice(0, 3)]).toEqual([0, 'gh', ['release', 'create', 'v1.2.3']])
    expect(args).toContain('--verify-tag')
    const notes = named(args, '--notes-file') ?? ''
    expect(readFileSync(path.join(steps.folder, notes), 'utf8')).toBe('notes')
    const offered = args.filter((arg) => arg.startsWith('files/'))
    expect(offered).toEqual(
      expect.arrayContaining(['files/SHA256SUMS', 'files/SHA256SUMS.sigstore.json']),
    )
    expect(offered).toHaveLength(Object.keys(files).length + 1)
    expect(offered.every((file) => existsSync(path.join(steps.folder, file)))).toBe(true)
  })
})

/** The hosted workflows, as they are written: what they may do, and what they run. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { needsOf, precedingJobs, jobOf, readWorkflow, workflowFiles } from '../support/workflows.ts'

const ci = readWorkflow('ci')
const release = readWorkflow('release')
const names = ['ci', 'codeql', 'live', 'release']
const workflows = names.map((name) => ({ name, ...readWorkflow(name) }))
const jobs = workflows.flatMap(({ name, jobs }) =>
  Object.entries(jobs).map(([job, value]) => ({ ...value, name: `${name}/${job}` })),
)

describe('each workflow', () => {
  it('is read by these tests', () => {
    expect(workflowFiles).toEqual(names.map((name) => `.github/workflows/${name}.yml`))
  })

  it.each(workflows)('has no permission but what a job of $name names', ({ permissions }) => {
    expect(permissions).toEqual({})
  })

  it.each(workflows)('names each action of $name by its commit, with the release', ({ name }) => {
    const text = readFileSync(`.github/workflows/${name}.yml`, 'utf8')
    const foreign = [...text.matchAll(/uses: (?!\.\/)(.+)$/gm)].map(([, used = '']) => used)
    expect(foreign.length).toBeGreaterThan(0)
    expect(
      foreign.filter((used) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used)),
    ).toEqual([])
  })

  it('names one commit for each action', () => {
    const texts = workflowFiles.map((file) => readFileSync(file, 'utf8'))
    const used = texts.flatMap((text) => [...text.matchAll(/uses: ([\w-]+\/[\w-]+)\S*@(.+)$/gm)])
    const commits = new Map<string, Set<string>>()
    for (const [, action = '', commit = ''] of used) {
      commits.set(action, new Set([...(commits.get(action) ?? []), commit]))
    }
    expect([...commits].filter(([, all]) => all.size > 1)).toEqual([])
  })

  it('leaves no token in a checkout, and ends in a set time', () => {
    const steps = jobs.flatMap((job) => job.steps ?? [])
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.length).toBeGreaterThan(4)
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([])
    const endless = jobs.filter((job) => job.uses === undefined && !job['timeout-minutes'])
    expect(endless.map(({ name }) => name)).toEqual([])
  })

  it('gives each job the permissions that it needs', () => {
    const given = jobs.map(({ name, permissions }) => [name, permissions])
    const read = { contents: 'read' }
    expect(Object.fromEntries(given)).toEqual({
      'ci/check': read,
      'codeql/analyze': { ...read, 'security-events': 'write' },
      'live/inngest': read,
      'release/check': read,
      'release/test': read,
      'release/files': read,
      'release/debian': read,
      'release/image': { ...read, packages: 'write', 'id-token': 'write' },
      'release/chart': { packages: 'write', 'id-token': 'write' },
      'release/npm': { 'id-token': 'write' },
      'release/release': { contents: 'write', 'id-token': 'write' },
    })
  })
})

describe('the workflow for changes', () => {
  it('runs .ci/run, for pull requests, the main branch and a release', () => {
    expect(ci.on).toEqual({
      push: { branches: ['main'] },
      pull_request: null,
      workflow_call: null,
    })
    const { steps = [] } = jobOf(ci, 'check')
    expect(steps.at(-1)?.run).toBe('.ci/run')
  })

  it("runs in the Debian of the image's Node, where the tests may install programs", () => {
    const [, image] = /^ARG NODE_IMAGE=(.+)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? []
    expect(jobOf(ci, 'check').container?.image).toBe(image)
  })
})

describe('the workflow for a release', () => {
  it('runs for a tag of a version', () => {
    expect(release.on).toEqual({ push: { tags: ['v*'] } })
  })

  it('runs the tests of both versions of Node', () => {
    expect(jobOf(release, 'test').uses).toBe('./.github/workflows/ci.yml')
  })

  it.each(['image', 'chart', 'npm', 'release'])('publishes in %s only what passed', (name) => {
    const preceding = precedingJobs(release, name)
    for (const job of ['check', 'test', 'files']) expect(preceding).toContain(job)
  })

  it('publishes the package, which cannot be repeated, after image and chart', () => {
    expect(needsOf(jobOf(release, 'npm'))).toEqual(expect.arrayContaining(['image', 'chart']))
    expect([...precedingJobs(release, 'release')].toSorted()).toEqual(
      Object.keys(release.jobs)
        .filter((job) => job !== 'release')
        .toSorted(),
    )
  })

  it('builds for the two architectures', () => {
    const { steps = [] } = jobOf(release, 'image')
    const build = steps.find(({ run }) => run?.includes('docker buildx build'))
    expect(build?.run).toContain('--platform linux/amd64,linux/arm64 ')
  })

  it('takes nothing from a cache of another run', () => {
    const setups = Object.values(release.jobs)
      .flatMap(({ steps = [] }) => steps)
      .filter(({ uses }) => uses?.startsWith('actions/setup-node@'))
    expect(setups.length).toBeGreaterThan(2)
    expect(setups.filter((step) => step.with?.['package-manager-cache'] !== false)).toEqual([])
  })
})

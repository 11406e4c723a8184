/** The README's first lines are what CI runs, and CONTRIBUTING.md names the programs that tests need. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { rows } from '../demo/rows.ts'
import { groups, type Group } from '../programs/groups.ts'
import { blocksOf } from '../support/documents.ts'

const contributing = readFileSync('CONTRIBUTING.md', 'utf8').replaceAll(/\s+/g, ' ')
const programsSection = contributing.slice(contributing.indexOf('## Programs that tests start'))
const ciLines = readFileSync('.ci/run', 'utf8').trim().split('\n')
const blocks = blocksOf('sh').filter(({ page }) => page === 'README.md')
const [quickStart] = blocks

describe('the quick start', () => {
  it('is run by CI, word for word', () => {
    const lines = quickStart?.text.trim().split('\n')
    expect(lines).toEqual(['npm ci && npm run demo', 'npm ci && npm test'])
    expect(ciLines).toEqual(expect.arrayContaining(lines ?? []))
    expect(ciLines.at(-1)).toBe('npm ci && npm test')
    expect(ciLines).toContain('export CI=true')
  })

  it('has a test that follows each, which reads the commands from the page', () => {
    const followed = [
      ['npm ci && npm run demo', '.ci/run', 'npm ci && npm run demo'],
      [
        'docker build -t inngest-gateway .',
        'test/deploy/image.test.ts',
        "readFileSync('README.md'",
      ],
      [
        'kubectl apply -k deploy/kubernetes/examples/sidecar',
        'test/deploy/kubernetes-schema.test.ts',
        'kustomizations.flatMap((folder) => build(folder))',
      ],
      [
        'INNGEST_SIGNING_KEY=signkey-prod-… npx inngest-gateway run --upstream http://127.0.0.1:3000',
        'test/support/quick-start.ts',
        "readFileSync('README.md'",
      ],
    ] as const
    expect(blocks.map(({ text }) => text.split('\n', 1)[0])).toEqual(
      followed.map(([command]) => command),
    )
    for (const [, file, text] of followed) expect(readFileSync(file, 'utf8')).toContain(text)
  })

  it('shows a status page with the counts of the demo', () => {
    const refused = rows().filter(({ reason }) => reason !== 'none').length
    const admitted = rows().length - refused
    const counts = `${String(admitted)} requests admitted, ${String(refused)} refused`
    expect(readFileSync('README.md', 'utf8')).toContain(`![Status page: ${counts}, `)
  })

  it('is on a page of fewer than 120 lines', () => {
    expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThan(120)
  })

  it('names every program that tests start', () => {
    const programs = (groups as readonly Group[]).flatMap((group) => group.programs)
    const named = programs.filter(({ command }) => {
      const name = command.replace(/-(?:server|cli)$/, '')
      const list = programsSection.slice(0, programsSection.indexOf('As root in a container'))
      return list.toLowerCase().includes(name)
    })
    expect(named).toEqual(programs)
  })

  it('runs what installs programs first, and names the command that does', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    expect(scripts['test']).toBe('node test/programs/prepare.ts && vitest run')
    expect(scripts['install-programs']).toBe('node test/programs/install.ts')
    expect(programsSection).toContain('`npm run install-programs`')
    expect(readFileSync('README.md', 'utf8')).toContain('CONTRIBUTING.md#programs-that-tests-start')
  })
})

/** The hosted workflow that runs `npm run test:live` with the published CLI of Inngest. */
import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { jobOf, readWorkflow } from '../support/workflows.ts'

const workflow = readWorkflow('live')
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}
const { steps = [] } = jobOf(workflow, 'inngest')
const commands = steps.flatMap(({ run }) => run?.split('\n') ?? []).map((line) => line.trim())

describe('the workflow with a real Inngest server', () => {
  it('runs each week and on demand, and not for changes, which must not wait for it', () => {
    expect(Object.keys(workflow.on)).toEqual(['schedule', 'workflow_dispatch'])
  })

  it('installs the published CLI as it is pinned, with its install script, which fetches the server', () => {
    const { dependencies, allowScripts } = JSON.parse(
      readFileSync('test/live/cli/package.json', 'utf8'),
    ) as Readonly<Record<string, Readonly<Record<string, unknown>>>>
    expect(dependencies).toEqual({
      'inngest-cli': expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
    })
    expect(allowScripts).toEqual({ 'inngest-cli': true })
    expect(commands).toContain('npm ci --prefix test/live/cli --ignore-scripts=false')
  })

  it('runs the workload through the source and through the build', () => {
    const run = steps.at(-1)
    expect(run?.env).toEqual({ INNGEST: 'test/live/cli/node_modules/.bin/inngest' })
    expect(run?.run?.trim().split('\n')).toEqual([
      'npm ci',
      'npm run build',
      'npm run test:live -- --inngest "$INNGEST"',
      'npm run test:live -- --inngest "$INNGEST" --gateway dist/main.js',
    ])
    expect(scripts['test:live']).toBe('node test/live/main.ts')
  })
})

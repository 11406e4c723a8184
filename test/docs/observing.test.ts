/** docs/how-to/observe.md: queries that Prometheus can run, alerts that there are, and commands with their output. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'

import { blocksOf } from '../support/documents.ts'
import { readAlerts } from '../support/deployed.ts'
import { readExportedMetrics } from '../support/exported-metrics.ts'
import { analyse } from '../support/promql.ts'
import { reasons } from '../../gateway/admit/reasons.ts'
import { faults } from '../../gateway/admit/faults.ts'
import { stepsOf, Walkthrough } from '../support/walkthrough.ts'

const file = 'docs/how-to/observe.md'
const page = readFileSync(file, 'utf8')
const queries = blocksOf('promql').filter((block) => block.page === file)
const steps = stepsOf(file)
const walkthrough = new Walkthrough()
afterAll(() => walkthrough.stop())

describe('the page about observing', () => {
  it('has queries that name only metrics and labels that a gateway exports', async () => {
    const { labelsOf } = await readExportedMetrics()
    const known = (metric: string) => {
      const own = metric === 'up' ? [] : labelsOf.get(metric)
      return own && new Set([...own, 'job', 'instance'])
    }
    expect(queries.length).toBeGreaterThan(9)
    const problems = queries.flatMap(({ line, text }) =>
      analyse(text, known).problems.map((problem) => `line ${String(line)}: ${problem}`),
    )
    expect(problems).toEqual([])
  }, 60_000)

  it('has queries for reasons that there are', () => {
    const all = [...Object.keys(reasons), ...Object.keys(faults)]
    const patterns = queries.flatMap(({ text }) =>
      [...text.matchAll(/reason[!=]~?"([^"]+)"/g)].flatMap(([, value = '']) => value.split('|')),
    )
    expect(patterns.length).toBeGreaterThan(3)
    const unknown = patterns.filter((pattern) => {
      const exact = new RegExp(`^(?:${pattern})$`)
      return !all.some((reason) => exact.test(reason))
    })
    expect(unknown).toEqual([])
  })

  it('names only alerts that there are', () => {
    const named = [...page.matchAll(/`(InngestGateway\w+)`/g)].map(([, name = '']) => name)
    const known = readAlerts().map(({ alert }) => alert)
    expect(named.length).toBeGreaterThan(7)
    expect(named.filter((name) => !known.includes(name))).toEqual([])
  })

  it.each(steps)('does what it says in line $line: $kind $name', (step) => {
    if (step.kind === 'file') walkthrough.write(step)
    else if (step.kind === 'output') expect(walkthrough.missing(step)).toEqual([])
    else expect(walkthrough.run(step)).toBe(0)
  })
})

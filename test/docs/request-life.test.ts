/** docs/explanation/request-life.md has the steps and the reasons of the code, in the order of the code. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { phases, reasons, type Reason } from '../../gateway/admit/reasons.ts'
import { decide, flaws } from '../support/admit-scene.ts'

interface Step {
  readonly title: string
  readonly reasons: readonly string[]
}

const page = readFileSync('docs/explanation/request-life.md', 'utf8')

const steps: Step[] = page
  .split(/^## \d+\. /m)
  .slice(1)
  .map((text) => {
    const [, list = ''] = /^Refused as: (.*?)\.$/ms.exec(text) ?? []
    return {
      title: text.split('\n', 1)[0] ?? '',
      reasons: [...list.matchAll(/`(\w+)`/g)].map(([, reason = '']) => reason),
    }
  })
const refusing = steps.filter((step) => step.reasons.length > 0)

function stepOf(reason: Reason): number {
  return refusing.findIndex((step) => step.reasons.includes(reason))
}

describe('the life of a request', () => {
  it('numbers its steps without a gap', () => {
    const numbers = [...page.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number))
    expect(numbers).toEqual(numbers.map((_, i) => i + 1))
  })

  it('names every reason once, in the order of the table in the code', () => {
    expect(refusing.flatMap((step) => step.reasons)).toEqual(Object.keys(reasons))
  })

  it('has one step for each phase of the code', () => {
    const phaseOf = new Map<string, string>(
      Object.entries(reasons).map(([reason, { phase }]) => [reason, phase]),
    )
    const met = refusing.map((step) => [...new Set(step.reasons.map((each) => phaseOf.get(each)))])
    expect(met).toEqual(phases.map((phase) => [phase]))
  })

  // The early check of the age is described in the step of the credentials, with the reasons of a later step.
  const [early] = flaws.filter(({ reason }) => reason === 'timestamp_too_old')
  const ofPage = flaws.filter((flaw) => flaw !== early)
  const pairs = ofPage.flatMap((first, i) =>
    ofPage
      .slice(i + 1)
      .filter((second) => stepOf(second.reason) !== stepOf(first.reason))
      .map((second) => ({ first, second })),
  )

  it.each(pairs)(
    'has the step of $first.reason before the step of $second.reason, as admit decides',
    async ({ first, second }) => {
      const { reason } = await decide(second.spoil, first.spoil)
      expect([reason, stepOf(first.reason) < stepOf(second.reason)]).toEqual([first.reason, true])
    },
  )

  it('describes the early check of the age in the step before the body is read', async () => {
    const credentials = page.split(/^## \d+\. /m)[6] ?? ''
    expect(credentials).toMatch(/^Credentials/)
    expect(credentials).toContain('with the reasons of step 11')
    expect(steps[10]?.reasons).toContain('timestamp_too_old')
    expect(await decide((scene) => early?.spoil(scene))).toEqual({
      reason: 'timestamp_too_old',
      touched: [],
    })
  })
})

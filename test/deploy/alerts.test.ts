/** The alert rules, as Prometheus' own tool reads and runs them, and that each is tested both ways. */
import { describe, expect, it } from 'vitest'

import { readAlerts, readYaml } from '../support/deployed.ts'
import { anchorOf, anchorsOf } from '../support/documents.ts'
import { runProgram } from '../support/program.ts'

const folder = 'deploy/observability'
const testFiles = ['alerts.test.yaml', 'alerts-of-days.test.yaml']

interface RuleTests {
  readonly tests: readonly {
    readonly promql_expr_test: readonly {
      readonly exp_samples: readonly { readonly labels: string }[]
    }[]
  }[]
}

describe('the alert rules', () => {
  it('are rules that Prometheus takes', { tags: ['prometheus'] }, () => {
    expect(
      runProgram('promtool', ['check', 'rules', 'alerts.yaml'], { cwd: folder }),
    ).toMatchObject({ code: 0 })
  })

  it(
    'fire where they should, and nothing else does',
    { tags: ['prometheus'], timeout: 120_000 },
    () => {
      const { code, said } = runProgram('promtool', ['test', 'rules', ...testFiles], {
        cwd: folder,
      })
      expect(said).not.toContain('FAILED')
      expect(code).toBe(0)
    },
  )

  it('have each a test in which they fire and, before that, do not', () => {
    const tests = testFiles.flatMap((file) => (readYaml(`${folder}/${file}`) as RuleTests).tests)
    const fires = (alert: string, samples: readonly { labels: string }[]) =>
      samples.some(({ labels }) => labels.includes(`alertname="${alert}"`))
    const untested = readAlerts().filter(({ alert }) =>
      tests.every(({ promql_expr_test: looks }) => {
        const isFiring = looks.map(({ exp_samples }) => fires(alert, exp_samples))
        return !(isFiring.includes(true) && isFiring[0] === false)
      }),
    )
    expect(untested.map(({ alert }) => alert)).toEqual([])
  })

  it('say what is the case and what to do, and how urgent it is', () => {
    for (const { alert, annotations, labels } of readAlerts()) {
      expect([alert, Object.keys(annotations)]).toEqual([
        alert,
        ['summary', 'description', 'meaning', 'check', 'action', 'runbook_url'],
      ])
      expect(labels['severity']).toMatch(/^(?:critical|warning|info)$/)
      expect(alert).toMatch(/^InngestGateway/)
    }
  })

  it('link each to its section of docs/reference/alerts.md', () => {
    const base = 'https://github.com/inngest-gateway/inngest-gateway/blob/main/'
    const anchors = anchorsOf('docs/reference/alerts.md')
    for (const { alert, annotations } of readAlerts()) {
      const [page, anchor = ''] = (annotations['runbook_url'] ?? '').split('#')
      expect([alert, page, anchor]).toEqual([
        alert,
        `${base}docs/reference/alerts.md`,
        anchorOf(alert),
      ])
      expect(anchors).toContain(anchor)
    }
  })

  it('have runbooks without values of one alert, since a page shows them', () => {
    const templated = readAlerts().filter(({ annotations: { meaning, check, action } }) =>
      [meaning, check, action].some((text) => text?.includes('{{')),
    )
    expect(templated.map(({ alert }) => alert)).toEqual([])
  })
})

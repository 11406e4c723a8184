/**
 * The dashboard and the alert rules against what a real gateway exports: a panel or a rule that names a
 * metric, a label or a reason that does not exist would show nothing, and say nothing, for ever.
 */
import { beforeEach, describe, expect, it } from 'vitest'

import { faults } from '../../gateway/admit/faults.ts'
import { replayOutcomes } from '../../gateway/admit/facts.ts'
import { listProblems } from '../../gateway/ranges/range-list.ts'
import { clockStates } from '../../gateway/record/clock-drift.ts'
import { listFaults } from '../../gateway/ranges/list-fault.ts'
import { reasons } from '../../gateway/admit/reasons.ts'
import { alertQueries, dashboardQueries, readDashboard } from '../support/deployed.ts'
import { readExportedMetrics, type ExportedMetrics } from '../support/exported-metrics.ts'
import { analyse, type Matcher } from '../support/promql.ts'

/** What Prometheus adds to each series, and the series that it makes itself. */
const TARGET_LABELS = ['job', 'instance']
const OF_PROMETHEUS = new Set(['up'])

/** All that labels with a closed set of values can be. */
const closedValues: Readonly<Record<string, readonly string[]>> = {
  decision: ['admitted', 'refused', 'failed'],
  reason: ['none', ...Object.keys(reasons), ...Object.keys(faults)],
  state: Object.keys(clockStates),
  mode: ['report', 'off'],
  origin: ['fetched', 'file', 'kept', 'bundled'],
}
const closedResults: Readonly<Record<string, readonly string[]>> = {
  inngest_gateway_replay_claims_total: replayOutcomes,
  inngest_gateway_signature_verifications_total: ['raw', 'canonical', 'mismatch', 'none'],
  inngest_gateway_config_reloads_total: ['success', 'failure'],
  inngest_gateway_inngest_ranges_refreshes_total: [
    ...['success', ...Object.keys(listProblems), ...Object.keys(listFaults)],
  ],
}

describe('the dashboard and the alert rules', () => {
  let known: ExportedMetrics | undefined
  let exported: ExportedMetrics
  const labelsOf = (metric: string) => {
    const own = OF_PROMETHEUS.has(metric) ? [] : exported.labelsOf.get(metric)
    return own && new Set([...own, ...TARGET_LABELS])
  }
  const all = () =>
    [...dashboardQueries(), ...alertQueries()].map((query) => ({
      ...query,
      ...analyse(query.expression, labelsOf),
    }))

  beforeEach(async () => {
    known ??= await readExportedMetrics()
    exported = known
  }, 60_000)

  it('are held against a gateway that exports a series of every metric', () => {
    expect(exported.silent).toEqual([])
    expect(exported.labelsOf.size).toBeGreaterThan(60)
  })

  it('name only metrics and labels that there are', () => {
    expect(
      all().flatMap(({ where, problems }) => problems.map((one) => `${where}: ${one}`)),
    ).toEqual([])
  })

  it('write only labels that the result has', () => {
    const missing = all().flatMap(({ where, labelsNamed, labels }) =>
      labelsNamed.filter((label) => !labels.has(label)).map((label) => `${where}: ${label}`),
    )
    expect(missing).toEqual([])
  })

  it('look only for values that the gateway can give', () => {
    const unknown = all().flatMap(({ where, selectors }) =>
      selectors.flatMap(({ metric, matchers }) =>
        matchers
          .filter((matcher) => !isPossible(metric, matcher))
          .map(({ label, value }) => `${where}: ${label} ${value}`),
      ),
    )
    expect(unknown).toEqual([])
  })

  it('show every metric of the gateway on the dashboard', () => {
    const shown = dashboardQueries().flatMap(({ expression }) =>
      analyse(expression, labelsOf).selectors.map(({ metric }) => familyOf(metric)),
    )
    const own = [...exported.labelsOf.keys()].filter((name) => name.startsWith('inngest_gateway_'))
    expect(own.map(familyOf).filter((family) => !shown.includes(family))).toEqual([])
  })

  it('leave the data source, the job, the gateway and the route to whoever looks', () => {
    const { templating, panels } = readDashboard()
    const variables = templating.list.map(({ name }) => name)
    expect(variables).toEqual(['datasource', 'job', 'instance', 'route'])
    const sources = panels.flatMap(({ datasource }) => datasource?.uid ?? [])
    expect(new Set(sources)).toEqual(new Set(['${datasource}']))
    for (const { where, expression } of dashboardQueries()) {
      const used = [...expression.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
      expect([where, used.filter((name) => !variables.includes(name))]).toEqual([where, []])
    }
  })
})

function familyOf(metric: string): string {
  return metric.replace(/_(?:bucket|sum|count)$/, '')
}

/** Whether each of the values that it names, or each of its alternatives, can be. */
function isPossible(metric: string, { label, operator, value }: Matcher): boolean {
  const possible = label === 'result' ? closedResults[metric] : closedValues[label]
  if (possible === undefined) return label !== 'result'
  const alternatives = operator.includes('~') ? value.split('|') : [value]
  return alternatives.every((alternative) => {
    const pattern = new RegExp(`^(?:${alternative})$`)
    return possible.some((one) => pattern.test(one))
  })
}

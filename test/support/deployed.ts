/** The files in deploy/, parsed as the programs that use them do. */
import { readFileSync } from 'node:fs'

import { parse } from 'yaml'

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[]
}

export const alertsFile = 'deploy/observability/alerts.yaml'

export function readAlerts(): readonly AlertRule[] {
  return (readYaml(alertsFile) as RuleFile).groups.flatMap(({ rules }) => rules)
}

/** Including anchors and merge keys. */
export function readYaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'), { merge: true })
}

/** A query, and the labels that are shown with its result. */
export interface ShownQuery {
  /** Its place, for a message. */
  readonly where: string
  readonly expression: string
  readonly labelsNamed: readonly string[]
}

interface Variable {
  readonly name: string
  /** A type of data source, or a query for it. */
  readonly query: string | { readonly query: string }
}

interface Dashboard {
  readonly annotations: {
    readonly list: readonly { name: string; expr: string; titleFormat: string }[]
  }
  readonly templating: { readonly list: readonly Variable[] }
  readonly panels: readonly {
    readonly title: string
    readonly datasource?: { readonly uid: string }
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
  }[]
}

export const dashboardFile = 'deploy/observability/dashboard.json'

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(dashboardFile, 'utf8')) as Dashboard
}

/** Every query of the dashboard: those of its panels, annotations and variables. */
export function dashboardQueries(): readonly ShownQuery[] {
  const { panels, annotations, templating } = readDashboard()
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => query(`panel ${title}`, expr, legendFormat)),
  )
  const ofAnnotations = annotations.list.map(({ name, expr, titleFormat }) =>
    query(`annotation ${name}`, expr, titleFormat),
  )
  const ofVariables = templating.list.flatMap(({ name, query: asked }) => {
    if (typeof asked === 'string') return []
    const [, expr = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(asked.query) ?? []
    return [query(`variable ${name}`, expr, `{{${label}}}`)]
  })
  return [...ofPanels, ...ofAnnotations, ...ofVariables]
}

export function alertQueries(): readonly ShownQuery[] {
  return readAlerts().map(({ alert, expr, annotations }) => {
    const text = Object.values(annotations).join('\n')
    const labelsNamed = [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label)
    return { where: `alert ${alert}`, expression: expr, labelsNamed }
  })
}

/** @param legend with `{{label}}` in it. */
function query(where: string, expression: string, legend: string): ShownQuery {
  const labelsNamed = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label)
  return { where, expression: expression.replace(/\$__\w+/g, '5m'), labelsNamed }
}

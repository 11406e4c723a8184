/** What stands in deploy/, read as the programs that use it read it. */
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

/** Anchors and merge keys included. */
export function readYaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'), { merge: true })
}

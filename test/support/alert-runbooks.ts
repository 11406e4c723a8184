/** The sections of docs/reference/alerts.md, from the annotations of the alert rules. */
import path from 'node:path'

import { readAlerts, type AlertRule } from './deployed.ts'

/** Paths of pages become links relative to docs/reference/. */
function linked(text = ''): string {
  return text.replaceAll(/\bdocs\/[\w/-]+\.md\b/g, (page) => {
    const name = path.basename(page, '.md').replaceAll('-', ' ')
    return `[${name}](${path.relative('docs/reference', page)})`
  })
}

function runbook({ alert, labels, annotations: { meaning, check, action } }: AlertRule): string {
  return [
    `### ${alert}`,
    `Severity: ${labels['severity'] ?? ''}.`,
    `**What it means:** ${linked(meaning)}`,
    `**What to look at:** ${linked(check)}`,
    `**What to do:** ${linked(action)}`,
  ].join('\n\n')
}

export function alertRunbooks(): string {
  return readAlerts().map(runbook).join('\n\n')
}

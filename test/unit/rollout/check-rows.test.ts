/** Which check a report-only reason is of. */
import { describe, expect, it } from 'vitest'

import { reportableChecks } from '../../../gateway/admit/route-checks.ts'
import { reasons, type Phase } from '../../../gateway/admit/reasons.ts'
import { checkRows } from '../../../gateway/rollout/check-rows.ts'

/** Phases of the checks that have a mode. */
const phases: ReadonlySet<Phase> = new Set([
  'client',
  'allowlist',
  'credentials',
  'signature',
  'agreement',
  'freshness',
  'replay',
])

/** Refused in every mode. */
const alwaysEnforced = ['reentry_run_id_missing', 'header_not_removable', 'target_ambiguous']

describe('the table of checks', () => {
  it('has every reason that a check can report', () => {
    const listed: ReadonlySet<string> = new Set(
      reportableChecks.flatMap((check) => checkRows[check].reasons),
    )
    const missing = Object.entries(reasons)
      .filter(([reason, { phase }]) => phases.has(phase) && !listed.has(reason))
      .map(([reason]) => reason)
    expect(missing).toEqual(alwaysEnforced)
  })

  it('has for each check a kind of request that it judges', () => {
    for (const check of reportableChecks) expect(checkRows[check].judges).not.toEqual([])
  })
})

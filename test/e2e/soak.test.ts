/** The soak (test/soak) in short, so that it keeps running; `npm run soak` goes on for five minutes. */
// @module-tag redis
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

import { faultsOf } from '../soak/report.ts'
import { runSoak, type SoakReport } from '../soak/soak.ts'

const folder = path.join(import.meta.dirname, '../soak')

const short = { seed: 20_261_129, restartEverySeconds: 3, concurrency: 8 }

function countOf({ plays }: SoakReport, wanted: string): number {
  const counts = [...plays.values()].map((reasons) => reasons.get(wanted) ?? 0)
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Files that a file imports by a relative path, and theirs. */
function importedBy(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found
  found.add(file)
  for (const [, other = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
    importedBy(path.join(path.dirname(file), other), found)
  }
  return found
}

describe('a soak', () => {
  it('finds each decision right, and counters that add up, while Redis and configuration change', async () => {
    const report = await runSoak({ ...short, seconds: 15 })
    expect(faultsOf(report)).toEqual([])
    // All of it took part.
    expect(report.redis.size).toBeGreaterThan(1)
    expect(report.reloads.taken).toBeGreaterThan(1)
    for (const reason of ['none', 'replayed', 'signature_mismatch', 'run_id_mismatch']) {
      expect(countOf(report, reason), reason).toBeGreaterThan(0)
    }
    expect(countOf(report, 'replay_store_unavailable')).toBeGreaterThan(0)
    expect(countOf(report, 'timestamp_before_start')).toBeGreaterThan(0)
  }, 120_000)

  it('fails for a gateway that admits replays, contradictions, old and forged signatures', async () => {
    const checks = { replay: 'report', runId: 'report', freshness: 'report', signature: 'report' }
    const report = await runSoak({ ...short, seconds: 3, restartEverySeconds: 1000, checks })
    const faults = faultsOf(report).join('\n')
    for (const reason of [
      'replayed',
      'run_id_mismatch',
      'timestamp_too_old',
      'signature_mismatch',
    ]) {
      expect(faults).toMatch(new RegExp(`got \\w+: admitted none 200 \\[[^\\]]*${reason}`))
    }
  }, 120_000)

  it('imports nothing of the gateway', () => {
    const files = readdirSync(folder).map((name) => path.join(folder, name))
    const imported = new Set(files.flatMap((file) => [...importedBy(file)]))
    expect(imported.size).toBeGreaterThan(15)
    const root = path.join(folder, '../..')
    const tests = path.join('test', path.sep)
    const foreign = [...imported].filter((file) => !path.relative(root, file).startsWith(tests))
    expect(foreign).toEqual([])
  })
})

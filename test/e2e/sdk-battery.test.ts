/** The battery of test/sdks in front of one of its apps, as it is and with one check of the gateway turned off. */
import { describe, expect, it } from 'vitest'

import { moderatedChecks, type ModeratedCheck } from '../../gateway/admit/policy.ts'
import { runForged } from '../sdks/battery.ts'
import { readApp } from '../sdks/find-apps.ts'
import { forgedCases, type Check } from '../sdks/forged-cases.ts'
import { startScene } from '../sdks/scene.ts'

/** Its packages are among those of the repository, if its own are not installed. */
const app = readApp('js4/h3')

/** What has to be off as well, since it needs the check or finds the same. */
const dependent: Partial<Record<ModeratedCheck, readonly ModeratedCheck[]>> = {
  signature: [
    'freshness',
    'replay',
    'app',
    'functionId',
    'runId',
    'callIds',
    'syncBody',
    'syncUrl',
  ],
  app: ['functionId'],
  replay: ['functionId'],
  syncBody: ['syncUrl'],
}

const namesOf = (isOf: (check: Check) => boolean) =>
  forgedCases.filter(({ check }) => isOf(check)).map(({ name }) => name)

async function reachedWithout(off: readonly ModeratedCheck[]): Promise<string[]> {
  const scene = await startScene(app, {
    checks: Object.fromEntries(off.map((check) => [check, 'off'])),
  })
  try {
    return await runForged(scene)
  } finally {
    await scene.stop()
  }
}

describe('the battery of forged requests', () => {
  it('lets none reach the app if all checks are on', async () => {
    expect(await reachedWithout([])).toEqual([])
  })

  it.each(moderatedChecks)('fails if the check %s is off, by its own cases', async (check) => {
    const off = [check, ...(dependent[check] ?? [])]
    const reached = await reachedWithout(off)
    const without: readonly Check[] = check === 'signature' ? [...off, 'use'] : off
    expect(reached).toEqual(namesOf((each) => without.includes(each)))
  })
})

/**
 * `npm run test:sdks [-- --only PREFIX]... [--write] [--allow-unavailable]`: the battery against every app of
 * test/sdks/apps. With `--write` the results are written to results.json; without, they have to be those that are
 * there. In CI an app in each language has to run, unless `--allow-unavailable` is given and the package registry
 * does not serve the SDK.
 */
import process from 'node:process'
import { isDeepStrictEqual, parseArgs } from 'node:util'

import { isCi } from '../programs/when-to-install.ts'
import { runBattery } from './battery.ts'
import { findApps, isUnavailable, languages, type App } from './find-apps.ts'
import { readResults, writeResults, type AppResult } from './results.ts'

/** Much of a run is waiting: for an app to start, or for the next second. */
const AT_ONCE = 4

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
    'allow-unavailable': { type: 'boolean', default: false },
  },
})

const ran: AppResult[] = []
const problems: string[] = []
const waiting = findApps(values.only).filter(({ language }) => !isUnavailable(language))

async function work(): Promise<void> {
  for (let app = waiting.shift(); app !== undefined; app = waiting.shift()) await runOne(app)
}

async function runOne(app: App): Promise<void> {
  try {
    const result = await runBattery(app)
    ran.push(result)
    console.log(summaryOf(result))
    problems.push(...problemsOf(result))
  } catch (error) {
    problems.push(`${app.name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function summaryOf({ name, honest, forged }: AppResult): string {
  const counts = new Map<string, number>()
  for (const { outcome } of Object.values(honest))
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const text = [...counts].map(([outcome, count]) => `${String(count)} ${outcome}`).join(', ')
  return `${name}: honest ${text}; forged ${String(forged.sent)} sent, ${String(forged.reached.length)} reached the app`
}

function problemsOf(result: AppResult): string[] {
  const failed = Object.entries(result.honest).filter(([, { outcome }]) => outcome === 'failed')
  const recorded = readResults().apps.find(({ name }) => name === result.name)
  const isAsRecorded = values.write || isDeepStrictEqual(recorded, result)
  return [
    ...failed.map(([name, each]) => `${result.name}: ${name} failed: ${JSON.stringify(each)}`),
    ...result.forged.reached.map((name) => `${result.name}: ${name} reached the app`),
    ...(isAsRecorded ? [] : differencesFrom(recorded, result)),
  ]
}

function differencesFrom(recorded: AppResult | undefined, result: AppResult): string[] {
  if (recorded === undefined)
    return [`${result.name}: results.json does not have it: run with --write`]
  const names = Object.keys({ ...recorded.honest, ...result.honest })
  const others = names.filter(
    (name) => !isDeepStrictEqual(recorded.honest[name], result.honest[name]),
  )
  const shown = others.map((name) => `${name} ${JSON.stringify(result.honest[name])}`)
  return [
    `${result.name}: not as in results.json: ${shown.join('; ') || 'other than its cases'}; if that is right, run with --write`,
  ]
}

await Promise.all(Array.from({ length: AT_ONCE }, work))
for (const language of languages) {
  if (ran.some((each) => each.language === language)) continue
  const isExcused = isUnavailable(language) && values['allow-unavailable']
  const why = isUnavailable(language) ? ': its package registry does not serve the SDK' : ''
  const message = `no app in ${language} ran${why}`
  if (isCi() && !isExcused) problems.push(message)
  else console.log(message)
}
if (values.write) await writeResults(ran, new Date().toISOString().slice(0, 10))
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

/** `npm run soak -- --minutes 5`. Exits 1 if one decision was wrong, or one number does not add up. */
import { parseArgs } from 'node:util'

import { faultsOf, summaryOf, tableOf } from './report.ts'
import { runSoak } from './soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'restart-every': { type: 'string', default: '45' },
    concurrency: { type: 'string', default: '12' },
  },
})

const numberOf = (name: keyof typeof values) => {
  const number = Number(values[name])
  if (Number.isFinite(number)) return number
  throw new Error(`--${name} is a number`)
}

const seed = numberOf('seed')
console.log(`seed ${String(seed)}`)
const report = await runSoak({
  seconds: numberOf('minutes') * 60,
  seed,
  restartEverySeconds: numberOf('restart-every'),
  concurrency: numberOf('concurrency'),
})
console.log(`${tableOf(report)}\n\n${summaryOf(report)}`)
const faults = faultsOf(report)
for (const fault of faults.slice(0, 50)) console.log(`WRONG ${fault}`)
if (faults.length > 0) console.log(`\nrepeat it with --seed ${String(seed)}`)
process.exitCode = faults.length === 0 ? 0 : 1

/**
 * `npm run test:live -- --inngest PATH`: the workload of a real Inngest server through the gateway. PATH is the
 * program of Inngest's server. Exits 1 if one decision was wrong or one run did not end.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'

import { judge } from './judge.ts'
import { ledgerOf, textOf } from './ledger.ts'
import { runLive, stopAll } from './live.ts'

const usage =
  'npm run test:live -- --inngest PATH [--port N] [--seconds N] [--start-seconds N] [--gateway dist/main.js] [--option=ARGUMENT]...'

const { values } = parseArgs({
  options: {
    inngest: { type: 'string' },
    port: { type: 'string' },
    seconds: { type: 'string', default: '180' },
    'start-seconds': { type: 'string', default: '60' },
    gateway: { type: 'string', default: 'gateway/main.ts' },
    option: { type: 'string', multiple: true, default: [] },
  },
})

function numberOf(name: 'port' | 'seconds' | 'start-seconds', text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw new Error(`--${name} is a whole number from 1 to 99999`)
}

const stops: (() => unknown)[] = []

async function main(): Promise<number> {
  if (values.inngest === undefined) {
    throw new Error(`--inngest is missing: the path of Inngest's server. Usage: ${usage}`)
  }
  const observed = await runLive(
    {
      program: values.inngest,
      port: values.port === undefined ? undefined : numberOf('port', values.port),
      more: values.option,
      gateway: values.gateway,
      startSeconds: numberOf('start-seconds', values['start-seconds']),
      seconds: numberOf('seconds', values.seconds),
      say: console.log,
    },
    stops,
  )
  const wrong = judge(observed)
  console.log(`\n${textOf(ledgerOf(observed))}\n`)
  for (const one of wrong) console.log(`WRONG ${one}`)
  console.log(wrong.length === 0 ? 'no wrong decision' : `${String(wrong.length)} wrong`)
  return wrong.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void stopAll(stops).then(() => process.exit(1))
  })
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await stopAll(stops)
}

/**
 * The gateway with two workers under a mix of right and wrong requests, while Redis is restarted and the
 * configuration changes every second. Nothing here is imported from the gateway: each decision is predicted
 * from the documentation.
 */
import { setTimeout as delay } from 'node:timers/promises'

import { freePort } from '../support/free-port.ts'
import { startApp } from './app.ts'
import type { Store } from './claims.ts'
import { closeConnections } from './client.ts'
import { startGateway, type RunningGateway } from './gateway-process.ts'
import { Ledger, type Wrong } from './ledger.ts'
import { Playground } from './playground.ts'
import { drawPlay } from './plays.ts'
import { Random } from './random.ts'
import { RedisProcess } from './redis-process.ts'
import { Reloads } from './reloads.ts'
import { newMemory, Restarts } from './restarts.ts'
import { configurationOf, drawSettings, type Settings } from './settings.ts'
import { countsIn, differences, reloadsIn } from './sums.ts'
import { Timeline } from './timeline.ts'
import { until } from './until.ts'

export interface SoakOptions {
  readonly seconds: number
  readonly seed: number
  readonly restartEverySeconds: number
  readonly concurrency: number
  /** Modes of checks that the oracle knows nothing of, for a gateway that is wrong on purpose. */
  readonly checks?: object
}

export interface SoakReport {
  readonly wrong: readonly Wrong[]
  /** Play to reason to count. */
  readonly plays: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly requests: number
  readonly logLines: number
  readonly admitted: number
  /** Requests that could end in one right way only. */
  readonly certain: number
  readonly arrivals: number
  readonly strayBytes: number
  /** Numbers of metrics that are not what they have to be. */
  readonly differences: readonly string[]
  readonly reloads: { readonly taken: number; readonly refused: number }
  readonly redis: ReadonlyMap<string, number>
  readonly admittedAfterLoss: number
  readonly exitCode: number | string
}

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const ledger = new Ledger()
  const redis = await RedisProcess.start()
  const app = await startApp((mark, arrival) => {
    ledger.arrived(mark, arrival)
  })
  try {
    return await soak(options, { ledger, redis, app })
  } finally {
    closeConnections()
    app.stop()
    await redis.remove()
  }
}

interface Parts {
  readonly ledger: Ledger
  readonly redis: RedisProcess
  readonly app: Awaited<ReturnType<typeof startApp>>
}

async function soak(options: SoakOptions, parts: Parts): Promise<SoakReport> {
  const { ledger, redis, app } = parts
  const { seed, checks = {} } = options
  const places = {
    app: app.url,
    nowhere: `http://127.0.0.1:${String(await freePort())}`,
    redis: `redis://127.0.0.1:${String(redis.port)}`,
  }
  const first = drawSettings(0, new Random(seed))
  const memory = newMemory(0)
  const configuration = JSON.stringify(configurationOf(first, places, checks))
  const gateway = await startGateway(configuration, (line) => {
    ledger.logged(line)
  })
  try {
    await until('the gateway is ready', async () => (await gateway.readiness()) === 200)
    memory.highestMark = Math.floor(Date.now() / 1000)
    const stores = new Timeline<Store>(memory)
    const settings = new Timeline<Settings>(first)
    const ground = new Playground({ port: gateway.port, app, ledger, settings, stores })
    const random = new Random(seed + 1)
    const reloads = new Reloads({ gateway, settings, places, checks, random })
    const everyMs = options.restartEverySeconds * 1000
    const restarts = new Restarts({
      gateway,
      redis,
      stores,
      ground,
      random: new Random(seed + 2),
      everyMs,
    })
    await play(options, ground, reloads, restarts)
    return await conclude(gateway, parts, ground, reloads, restarts)
  } finally {
    await gateway.stop()
  }
}

async function play(
  { seconds, seed, concurrency }: SoakOptions,
  ground: Playground,
  reloads: Reloads,
  restarts: Restarts,
): Promise<void> {
  const endMs = Date.now() + seconds * 1000
  const isOver = () => Date.now() > endMs
  let plays = 0
  const players = Array.from({ length: concurrency }, async () => {
    while (!isOver()) {
      plays += 1
      const random = new Random(seed * 1_000_003 + plays)
      const { name, play: run } = drawPlay(random)
      await run(ground, random, name)
    }
  })
  await Promise.all([...players, reloads.run(isOver), restarts.run(isOver)])
}

async function conclude(
  gateway: RunningGateway,
  { ledger, app }: Parts,
  ground: Playground,
  reloads: Reloads,
  restarts: Restarts,
): Promise<SoakReport> {
  const read = async () => {
    const expected = new Map([...ledger.tally.counts, ...reloadsIn(gateway.events)])
    return differences(expected, countsIn(await gateway.metrics()))
  }
  // A worker that is too busy to tell is left out of a reading.
  let different = await read()
  for (let i = 0; i < 20 && different.length > 0; i += 1) {
    await delay(250)
    different = await read()
  }
  const exitCode = await gateway.stop()
  ledger.close()
  const { wrong, plays, requests, lines, admitted, arrivals, certain } = ledger
  return {
    wrong,
    plays,
    requests,
    logLines: lines,
    admitted,
    certain,
    arrivals,
    strayBytes: app.strayBytes(),
    differences: different,
    reloads: { taken: reloads.taken, refused: reloads.refused },
    redis: restarts.counts,
    admittedAfterLoss: ground.admittedAfterLoss,
    exitCode,
  }
}

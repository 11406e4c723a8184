/** One of several processes that serve traffic. It follows the primary's orders and sends it the claims. */
import cluster from 'node:cluster'

import type { Logger } from 'pino'

import type { SettingsReading } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { startServing, type Serving } from '../gateway.ts'
import { systemClock } from '../record/clock.ts'
import { createLogger } from '../record/logger.ts'
import { readMetrics } from '../record/machine-metrics.ts'
import { createTracing } from '../record/tracing.ts'
import { ReadinessLog } from '../ops/readiness-log.ts'
import { redactSecrets } from '../redact/redact-secrets.ts'
import { IpcPairs } from '../pairs/ipc-pairs.ts'
import { IpcReplayStore } from '../replay/ipc/store.ts'
import { version } from '../version.ts'
import type { Assignment, Order, Questions, Report } from './messages.ts'
import { readShare } from './read-share.ts'

/** @returns the exit code, after the primary's order to stop. */
export async function work(
  read: () => SettingsReading,
  env: Environment,
  isVerbose: boolean,
): Promise<number> {
  // A signal to the whole process group is meant for the primary, which then sends its orders.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  try {
    const assignment = await receiveAssignment()
    const isReloadAwaited = holdReloads()
    const readOwn = () => readShare(read, assignment)
    const serving = await startShare(readOwn, assignment, env, isVerbose)
    const stopped = obeyOrders(serving)
    if (isReloadAwaited()) serving.reload()
    await report({ kind: 'serving' })
    const { requestsAborted } = await serving.stop(await stopped)
    await report({ kind: 'stopped', requestsAborted })
    return 0
  } catch (error) {
    await report({
      kind: 'failed',
      why: redactSecrets(error instanceof Error ? error.message : String(error)),
    })
    return 1
  }
}

async function receiveAssignment(): Promise<Assignment> {
  const { promise, resolve } = Promise.withResolvers<Assignment>()
  // An order to reload may come first. It can be ignored: nothing has been read yet.
  const hear = (order: Order) => {
    if (order.kind !== 'start') return
    process.off('message', hear)
    resolve(order.assignment)
  }
  process.on('message', hear)
  await report({ kind: 'here' })
  return promise
}

/** A reload may be ordered while the configuration is read. @returns a function that says whether one was, once. */
function holdReloads(): () => boolean {
  let isAwaited = false
  const hear = ({ kind }: Order) => {
    isAwaited ||= kind === 'reload'
  }
  process.on('message', hear)
  return () => {
    process.off('message', hear)
    return isAwaited
  }
}

async function startShare(
  read: () => SettingsReading,
  { sinceSeconds, workers }: Assignment,
  env: Environment,
  isVerbose: boolean,
): Promise<Serving> {
  const first = read()
  if (!first.ok) throw new Error(first.problems.map(formatProblem).join('\n'))
  const { replay, log } = first.settings.config
  const { timeoutMs } = replay
  const store = new IpcReplayStore({
    timeoutMs,
    remembersFromSeconds: replay.coldStart === 'refuse' ? sinceSeconds : 0,
    send: (asks, onWritten) => {
      send({ kind: 'asks', asks }, onWritten)
    },
  })
  const pairs = new IpcPairs({
    timeoutMs,
    send: (ask) => void report({ kind: 'pair ask', ask }),
  })
  process.on('message', (order: Order) => {
    if (order.kind === 'pair reply') pairs.answered(order.reply)
    if (order.kind === 'replies') store.answered(order.replies)
  })
  const logger = createLogger(log.level, {
    fields: { worker: cluster.worker?.id },
    isOutputShared: true,
    isVerbose,
  })
  reportLevel(logger)
  const tracing = await createTracing(env, version, logger)
  const surroundings = { read, clock: systemClock, logger, tracing }
  const serving = await startServing(first, surroundings, {
    stores: { replay: store, pairs },
    unlisted: {
      reported: undefined,
      add: (sighting) => void report({ kind: 'unlisted', sighting }),
    },
    workers,
    sinceSeconds,
  })
  new ReadinessLog(serving.health, logger, systemClock)
  return serving
}

/** The primary does not reload the configuration itself; it uses the log level that its workers report. */
function reportLevel(logger: Logger): void {
  const reportNow = (level: string) => void report({ kind: 'log level', level })
  reportNow(logger.level)
  logger.on('level-change', reportNow)
}

/** @returns how long it still serves, after the order to stop. */
function obeyOrders(serving: Serving): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  process.on('message', (order: Order) => {
    switch (order.kind) {
      case 'ask':
        void answer(order.what, serving).then((answered) =>
          report({ kind: 'answer', id: order.id, answer: answered }),
        )
        return
      case 'reload':
        serving.reload()
        return
      case 'record':
        if (order.order === undefined) serving.recordings.stop()
        else serving.recordings.renew(order.order)
        return
      case 'stop':
        resolve(order.delayMs)
        return
      case 'start':
      case 'replies':
      case 'pair reply':
    }
  })
  return promise
}

async function answer(
  what: keyof Questions,
  serving: Serving,
): Promise<Questions[keyof Questions]> {
  switch (what) {
    case 'metrics':
      return await readMetrics(serving.metrics.registry)
    case 'readiness':
      return serving.health.notReadyBecause()
    case 'requestsInFlight':
      return serving.requestsInFlight()
    case 'status':
      return serving.readStatus()
    case 'recording':
      return serving.recordings.take()
  }
}

function report(what: Report): Promise<void> {
  return new Promise((resolve) => {
    send(what, resolve)
  })
}

/** If the primary has ended, so does this process, and the message is dropped. */
function send(what: Report, onWritten: () => void): void {
  process.send?.(what, undefined, {}, onWritten)
}

/**
 * `run`: starts the gateway and stops it on a signal. Code for several processes is loaded only if it is
 * needed.
 */
import cluster from 'node:cluster'

import type { Logger } from 'pino'

import type { Settings } from '../config/compile.ts'
import type { SettingsReading } from '../config/load.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { countWorkers } from '../config/schema/worker-count.ts'
import { startGateway, type StopReport } from '../gateway.ts'
import { formatHostPort } from '../ip/authority.ts'
import { systemClock } from '../record/clock.ts'
import { createLogger } from '../record/logger.ts'
import { isTracingAskedFor, otlpProblems } from '../record/otlp-environment.ts'
import { createTracing } from '../record/tracing.ts'
import { isSigning, type RoutePolicy } from '../admit/policy.ts'
import { reportedChecks } from '../admit/route-checks.ts'
import { StartFailure } from '../config/start-failure.ts'
import { version } from '../version.ts'
import { endAtOnce, messageOf, printError } from './print.ts'
import { areNone, readSettings, readSettingsOrExplain, type SettingsOptions } from './settings.ts'

export interface RunOptions extends SettingsOptions {
  /** On a terminal, shows all fields of each log line. */
  readonly verbose?: boolean
}

/** A gateway for `run`, with one process or several. */
interface Running {
  readonly trafficPort: number
  readonly opsPort: number
  /** Undefined if there is none, or if the workers have it. */
  readonly externalAuthPort?: number | undefined
  /** Rejects if the gateway cannot continue. */
  readonly failure?: Promise<never>
  requestsInFlight(): number | Promise<number>
  reload(): void
  stop(delayMs?: number): Promise<Stopped>
}

interface Stopped extends StopReport {
  /** With several workers: those that ended too early. */
  readonly workersLost?: number
}

/** @returns the exit code, after a signal has stopped the gateway. */
export async function run(options: RunOptions, env: Environment): Promise<number> {
  const read = () => readSettings(options, env)
  const isVerbose = options.verbose === true
  if (cluster.isWorker) {
    const { WORKER_VARIABLE } = await import('../workers/messages.ts')
    if (env[WORKER_VARIABLE] === undefined) {
      printError(
        'cannot run as a cluster worker of another program. Start the gateway directly (pm2: fork mode) and set `workers` to run several processes',
      )
      return 2
    }
    const { work } = await import('../workers/worker.ts')
    return await work(read, env, isVerbose)
  }
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined || !areNone(otlpProblems(env))) return 2
  const { settings } = reading
  const workers = countWorkers(settings.config)
  const logger = createLogger(settings.config.log.level, { isOutputShared: workers > 1, isVerbose })
  const signalled = firstSignal()
  // Without a handler, the signal would end a process that is still starting.
  let reload = () => {}
  process.on('SIGHUP', () => {
    reload()
  })
  let failed = 'could not start'
  try {
    const gateway: Running =
      workers === 1
        ? await startAlone(reading, read, env, logger)
        : await startSeveral(settings, workers, logger)
    reload = () => {
      gateway.reload()
    }
    logger.info(
      {
        listen: formatHostPort({ ...settings.config.listen, port: gateway.trafficPort }),
        ops: formatHostPort({ ...settings.config.ops, port: gateway.opsPort }),
        externalAuth: describeAuthorizer(settings, gateway),
        workers,
        tls: settings.listenerTls !== undefined,
        tracing: isTracingAskedFor(env),
        proxy_protocol: settings.config.listen.proxyProtocol,
        routes: settings.policy.routes.map(describeRoute),
      },
      'started',
    )
    failed = 'stopped after a failure'
    return await stopOnSignal(gateway, signalled, logger)
  } catch (error) {
    if (!(error instanceof StartFailure)) logger.fatal({ err: error }, failed)
    printError(`${failed}: ${messageOf(error)}`)
    return 1
  }
}

async function startAlone(
  first: SettingsReading & { ok: true },
  read: () => SettingsReading,
  env: Environment,
  logger: Logger,
): Promise<Running> {
  const tracing = await createTracing(env, version, logger)
  return await startGateway(first, { read, clock: systemClock, logger, tracing })
}

async function startSeveral(settings: Settings, workers: number, logger: Logger): Promise<Running> {
  const { startPrimary } = await import('../workers/primary.ts')
  return await startPrimary(settings, workers, { clock: systemClock, logger })
}

async function stopOnSignal(
  gateway: Running,
  signalled: Promise<string>,
  logger: Logger,
): Promise<number> {
  const signal = await Promise.race([signalled, ...(gateway.failure ? [gateway.failure] : [])])
  // Ctrl-C comes from an operator at a terminal, so there is no load balancer to wait for.
  const stopping = gateway.stop(signal === 'SIGINT' ? 0 : undefined)
  logger.info({ signal, requests_in_flight: await gateway.requestsInFlight() }, 'draining')
  sayStopped(await stopping, logger)
  return 0
}

function sayStopped({ requestsAborted, workersLost = 0 }: Stopped, logger: Logger): void {
  if (requestsAborted + workersLost === 0) {
    logger.info('stopped')
    return
  }
  const lost = workersLost > 0 ? { workers_lost: workersLost } : {}
  logger.warn(
    { requests_aborted: requestsAborted, ...lost },
    'stopped; some requests were aborted after shutdown.drainTimeout',
  )
}

function describeAuthorizer(
  { config: { externalAuth } }: Settings,
  { externalAuthPort }: Running,
): string | undefined {
  return (
    externalAuth && formatHostPort({ ...externalAuth, port: externalAuthPort ?? externalAuth.port })
  )
}

function describeRoute(route: RoutePolicy): object {
  const { name, kind, path, upstream } = route
  const keys = isSigning(route) ? route.signingKeys.map(({ label }) => label) : undefined
  const resign_with = isSigning(route) ? route.resign?.key.label : undefined
  const app = upstream.socketPath ?? upstream.origin
  const report = reportedChecks(route)
  return { name, policy: kind, path, upstream: app, keys, resign_with, report }
}

/** As process 1 of a container, Node has no default signal handlers. A second signal ends the process at once. */
function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    let isDraining = false
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isDraining) process.exit(1)
        isDraining = true
        resolve(signal)
      })
      // Removed only now, so that no signal is lost in between.
      process.off(signal, endAtOnce)
    }
  })
}

/** `run`: starts the gateway and stops it on a signal. */
import type { Environment } from '../config/resolve-keys.ts'
import { startGateway } from '../gateway.ts'
import { systemClock } from '../observe/clock.ts'
import { createLogger } from '../observe/logger.ts'
import { createTracing } from '../observe/tracing.ts'
import type { RoutePolicy } from '../policy.ts'
import { version } from '../version.ts'
import { readSettings, readSettingsOrExplain, type SettingsOptions } from './settings.ts'

/** @returns the exit code, once a signal has ended the gateway. */
export async function run(options: SettingsOptions, env: Environment): Promise<number> {
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined) return 2
  const { settings } = reading
  const logger = createLogger(settings.config.log.level)
  const signalled = firstSignal()
  // Without a handler the signal ends a process that is still starting.
  let reload = () => {}
  process.on('SIGHUP', () => {
    reload()
  })
  try {
    const read = () => readSettings(options, env)
    const tracing = await createTracing(env, version)
    const gateway = await startGateway(reading, { read, clock: systemClock, logger, tracing })
    reload = () => {
      gateway.reload()
    }
    logger.info(
      {
        listen: `${settings.config.listen.host}:${String(gateway.trafficPort)}`,
        ops: `${settings.config.ops.host}:${String(gateway.opsPort)}`,
        tls: settings.listenerTls !== undefined,
        tracing: tracing !== undefined,
        proxy_protocol: settings.config.listen.proxyProtocol,
        routes: settings.policy.routes.map(describeRoute),
      },
      'started',
    )
    const signal = await signalled
    logger.info({ signal, calls_in_flight: gateway.callsInFlight() }, 'draining')
    // Whoever presses Ctrl-C has no load balancer that must notice first.
    const { callsCut } = await gateway.stop(signal === 'SIGINT' ? 0 : undefined)
    if (callsCut > 0) logger.warn({ calls_cut: callsCut }, 'stopped before every call had ended')
    else logger.info('stopped')
    return 0
  } catch (error) {
    logger.fatal({ err: error }, 'could not start')
    console.error(`could not start: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

function describeRoute(route: RoutePolicy): object {
  const { name, kind, path, upstream } = route
  const keys = route.kind === 'inngest' ? route.signingKeys.map(({ label }) => label) : undefined
  return { name, policy: kind, path, upstream: upstream.socketPath ?? upstream.origin, keys }
}

/** Node as process 1 of a container has no default handlers. A second signal ends at once. */
function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    let isDraining = false
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isDraining) process.exit(1)
        isDraining = true
        resolve(signal)
      })
    }
  })
}

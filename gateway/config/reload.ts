/**
 * Reloads the configuration when a file changes or on a signal. It takes effect completely or not at all: if
 * there is any problem, the current configuration stays in force.
 */
import { isSigning } from '../admit/policy.ts'
import { reportModes } from '../admit/route-checks.ts'
import { isDeepStrictEqual } from 'node:util'

import type { Logger } from 'pino'

import { adoptKeys, type ReplaySecrets, type Settings } from './compile.ts'
import { FileWatch } from './read/file-watch.ts'
import type { SettingsReading } from './load.ts'
import { formatProblem, type Problem } from './problem.ts'
import { keysAwaitingRestart, restartProblems } from './restart-only.ts'
import type { Clock } from '../record/clock.ts'
import type { Metrics } from '../record/metrics.ts'
import type { ReloadState } from '../ops/status/read.ts'

export type ReloadTrigger = 'file' | 'signal'

export interface ReloaderParts {
  readonly read: () => SettingsReading
  /** Puts settings in force. */
  readonly apply: (settings: Settings) => void
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
}

export class Reloader {
  readonly #parts: ReloaderParts
  readonly #watch: FileWatch
  /** The secrets that the replay store was made with. */
  readonly #secretsInUse: ReplaySecrets
  #running: Settings
  /** Whether the last configuration that was read is in force. */
  #isInForce = true
  #loadedMs = 0

  /** @param running the settings that the process started with. */
  constructor(running: Settings, parts: ReloaderParts) {
    this.#running = running
    this.#secretsInUse = running.replaySecrets
    this.#parts = parts
    this.#watch = new FileWatch(() => {
      this.reload('file')
    })
    this.#succeeded(running)
  }

  get state(): ReloadState {
    return { loadedMs: this.#loadedMs, isLatest: this.#isInForce }
  }

  /** @param first the reading that the process started with. */
  async start({ files, patterns, readAtMs }: SettingsReading): Promise<void> {
    if (files.length === 0) return
    await this.#watch.follow(files, readAtMs, patterns)
    this.#watch.start()
  }

  stop(): void {
    this.#watch.stop()
  }

  reload(trigger: ReloadTrigger): void {
    const reading = this.#parts.read()
    void this.#watch.follow(reading.files, reading.readAtMs, reading.patterns)
    if (!reading.ok) {
      this.#failed(trigger, reading.problems)
      return
    }
    const settings = adoptKeys(reading.settings, this.#running)
    const problems = restartProblems(reading, this.#running.config, settings.config)
    if (problems.length > 0) {
      this.#failed(trigger, problems)
      return
    }
    // If a file was only touched or restored, there is nothing to report.
    if (trigger === 'file' && this.#isInForce && isSame(settings, this.#running)) return
    this.#running = settings
    this.#parts.apply(settings)
    this.#succeeded(settings)
    const { metrics, logger } = this.#parts
    metrics.reloads.inc({ result: 'success' })
    const routes = reportModes(settings.policy.routes)
    logger.info({ trigger, fingerprint: settings.fingerprint, routes }, 'configuration reloaded')
    const keys = keysAwaitingRestart(this.#secretsInUse, settings.replaySecrets)
    if (keys.length > 0)
      logger.warn({ keys }, 'changed secret or certificate files take effect after a restart')
  }

  #succeeded({ fingerprint }: Settings): void {
    this.#isInForce = true
    const { metrics, clock } = this.#parts
    metrics.lastReloadSuccessful.set(1)
    this.#loadedMs = clock.nowMs()
    metrics.lastReloadSuccess.set(Math.floor(this.#loadedMs / 1000))
    metrics.configInfo.reset()
    metrics.configInfo.set({ fingerprint }, 1)
  }

  #failed(trigger: ReloadTrigger, problems: readonly Problem[]): void {
    this.#isInForce = false
    const { metrics, logger } = this.#parts
    metrics.reloads.inc({ result: 'failure' })
    metrics.lastReloadSuccessful.set(0)
    logger.error(
      { trigger, problems: problems.map(formatProblem) },
      'configuration reload failed; still running the previous configuration',
    )
  }
}

/** @param next with the key objects of `running` for equal keys (`adoptKeys`). */
function isSame(next: Settings, running: Settings): boolean {
  const keysOf = ({ policy }: Settings) =>
    policy.routes.flatMap((route) =>
      isSigning(route) ? [...route.signingKeys, route.resign?.key] : [],
    )
  const filesOf = ({ config, listenerTls, rangesCa, replaySecrets, policy }: Settings) => [
    config,
    listenerTls,
    rangesCa,
    replaySecrets,
    policy.routes.map(({ upstream }) => upstream),
  ]
  const [keys, before] = [keysOf(next), keysOf(running)]
  return (
    keys.length === before.length &&
    keys.every((key, i) => key === before[i]) &&
    isDeepStrictEqual(filesOf(next), filesOf(running))
  )
}

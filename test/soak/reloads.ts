/** Changes the configuration every second, and now and then to one that must not be taken over. */
import { setTimeout as delay } from 'node:timers/promises'

import type { LogLine, RunningGateway } from './gateway-process.ts'
import type { Random } from './random.ts'
import {
  brokenConfiguration,
  configurationOf,
  drawSettings,
  type Places,
  type Settings,
} from './settings.ts'
import type { Timeline } from './timeline.ts'
import { until } from './until.ts'

const EVERY_MS = 1000

export const workers = [1, 2] as const

/** @returns whether each worker has logged such a line from this one on. */
export function haveAllLogged(
  events: readonly LogLine[],
  from: number,
  isWanted: (line: LogLine) => boolean,
): boolean {
  const since = events.slice(from).filter(isWanted)
  return workers.every((worker) => since.some((line) => line['worker'] === worker))
}

export interface ReloadParts {
  readonly gateway: RunningGateway
  readonly settings: Timeline<Settings>
  readonly places: Places
  readonly checks: object
  readonly random: Random
}

export class Reloads {
  taken = 0
  refused = 0
  readonly #parts: ReloadParts
  readonly #fingerprints = new Set<unknown>()

  constructor(parts: ReloadParts) {
    this.#parts = parts
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const nextMs = Date.now() + EVERY_MS
      await this.#change()
      await delay(Math.max(0, nextMs - Date.now()))
    }
  }

  async #change(): Promise<void> {
    const { gateway, settings, places, checks, random } = this.#parts
    const next = drawSettings(this.taken + 1, random)
    const configuration = configurationOf(next, places, checks)
    const { events } = gateway
    const from = events.length
    if (random.chance(0.15)) {
      this.refused += 1
      this.#put(brokenConfiguration(configuration, random))
      await until('a broken configuration is refused by both workers', () =>
        haveAllLogged(events, from, ({ msg }) =>
          String(msg).startsWith('configuration reload failed'),
        ),
      )
      return
    }
    this.taken += 1
    const settled = settings.begin(next)
    this.#put(JSON.stringify(configuration))
    const isNew = ({ msg, fingerprint }: LogLine) =>
      msg === 'configuration reloaded' && !this.#fingerprints.has(fingerprint)
    await until('a configuration is taken over by both workers', () =>
      haveAllLogged(events, from, isNew),
    )
    settled()
    for (const { fingerprint } of events.slice(from)) this.#fingerprints.add(fingerprint)
  }

  /** It is found without a signal, too. */
  #put(text: string): void {
    const { gateway, random } = this.#parts
    gateway.write(text)
    if (random.chance(0.75)) gateway.signal()
  }
}

/** A keeper of ranges with a clock that the test sets, a server of lists, and its reports. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'

import { pino } from 'pino'
import { vi } from 'vitest'

import { parseRange, type AddressRange } from '../../gateway/ip/address-ranges.ts'
import type { CurrentRanges } from '../../gateway/ranges/current-ranges.ts'
import type { UrlSource } from '../../gateway/ranges/list-source.ts'
import { RangesRefresher, type RangeKeeperOptions } from '../../gateway/ranges/refresher.ts'
import { listServerCa, startListServer, type ListServer } from './list-server.ts'

export const bundledText = '3.140.194.254'

export interface TestKeeper {
  readonly keeper: RangesRefresher
  readonly clock: { seconds: number }
  readonly logLines: Record<string, unknown>[]
  /** Source and result of each fetch since the last call. */
  readonly looks: () => string[]
  readonly changes: CurrentRanges[]
  /** The log messages. */
  readonly messages: () => unknown[]
  /** The ranges in use, sorted. */
  readonly texts: () => string[]
  /** One round of fetches, and the result of its last one. */
  readonly refresh: () => Promise<string | undefined>
}

type KeeperSettings = Partial<RangeKeeperOptions> & Pick<RangeKeeperOptions, 'source'>

export function testKeeper(settings: KeeperSettings): TestKeeper {
  const clock = { seconds: 1_800_000_000 }
  const logLines: Record<string, unknown>[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logLines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  })
  const looks: string[] = []
  const changes: CurrentRanges[] = []
  const keeper = new RangesRefresher({
    keepVanishedSeconds: 0,
    stateFile: undefined,
    bundled: [rangeOf(bundledText)],
    clock: { nowMs: () => clock.seconds * 1000 },
    logger: pino({ base: null, timestamp: false }, sink),
    onRefresh: (source, result) => looks.push(`${source.replace(/^.*\//, '')} ${result}`),
    onChange: (current) => changes.push(current),
    ...settings,
  })
  return {
    keeper,
    clock,
    logLines,
    looks: () => looks.splice(0),
    changes,
    messages: () => logLines.map(({ msg }) => msg),
    texts: () => keeper.current.ranges.map(({ text }) => text).toSorted(),
    refresh: async () => {
      await keeper.refresh()
      return looks.at(-1)?.split(' ')[1]
    },
  }
}

function rangeOf(text: string): AddressRange {
  const reading = parseRange(text)
  if (!reading.ok) throw new Error(`${text}: ${reading.expected}`)
  return reading.range
}

export interface Lists {
  readonly server: ListServer
  readonly folder: string
  /** Neither the file nor its folder exists yet. */
  readonly stateFile: string
  /** A keeper of the lists at these paths of the server. */
  keeperOf(
    paths: string[],
    settings?: Partial<RangeKeeperOptions>,
    source?: Partial<UrlSource>,
  ): TestKeeper
  stopLater(stop: () => unknown): void
  stop(): Promise<void>
}

/** A server, a folder, and only the test's own proxy. */
export async function startLists(): Promise<Lists> {
  const server = await startListServer()
  const folder = mkdtempSync(path.join(tmpdir(), 'ranges-'))
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']) {
    vi.stubEnv(name, undefined)
    vi.stubEnv(name.toLowerCase(), undefined)
  }
  const stops: (() => unknown)[] = []
  return {
    server,
    folder,
    stateFile: path.join(folder, 'state', 'ranges.json'),
    keeperOf: (paths, settings, source) => {
      const urls = paths.map((name) => `${server.origin}${name}`)
      const bounds = { ca: listServerCa, timeoutMs: 20_000, refreshSeconds: 14_400 }
      const kept = testKeeper({ ...settings, source: { kind: 'urls', urls, ...bounds, ...source } })
      stops.push(() => kept.keeper.stop())
      return kept
    },
    stopLater: (stop) => stops.push(stop),
    stop: async () => {
      vi.unstubAllEnvs()
      for (const stop of stops) await stop()
      server.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

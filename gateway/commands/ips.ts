/** `ips`: which client addresses are let in and why, or whether one is. */
import { formatAddress, parseAddress } from '../checks/address.ts'
import type { AddressRange } from '../checks/address-ranges.ts'
import { allowPublished } from '../config/compile.ts'
import type { Environment } from '../config/resolve-keys.ts'
import type { CurrentRanges } from '../ranges/current-ranges.ts'
import { startingRanges } from './published.ts'
import { readSettingsOrExplain, type SettingsOptions } from './settings.ts'

export interface IpsOptions extends SettingsOptions {
  readonly check?: string
}

/** @returns 0, or 1 if the address to check is not let in; 2 if nothing could be said. */
export async function ips(options: IpsOptions, env: Environment, nowMs: number): Promise<number> {
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined) return 2
  const published = await startingRanges(reading.settings)
  const settings = allowPublished(reading.settings, published?.ranges ?? [])
  const rows = settings.allowlistSources.flatMap(({ source, ranges }) =>
    ranges.ranges.map((range) => ({
      range,
      source: source === 'config' ? 'allowlist' : 'published',
    })),
  )
  if (options.check !== undefined) return check(options.check, rows)
  for (const { range, source } of rows) console.log(`${range.text.padEnd(44)}${source}`)
  if (published !== undefined) describeSources(published, nowMs)
  return 0
}

interface Row {
  readonly range: AddressRange
  readonly source: string
}

function check(text: string, rows: readonly Row[]): number {
  const address = parseAddress(text)
  if (address === undefined) {
    console.error(`expected an IPv4 or IPv6 address, found ${JSON.stringify(text)}`)
    return 2
  }
  const row = rows.find(
    ({ range }) =>
      range.family === address.family &&
      range.first <= address.value &&
      address.value <= range.last,
  )
  const name = formatAddress(address)
  console.log(
    row === undefined
      ? `${name} is in no range`
      : `${name} is in ${row.range.text} (${row.source})`,
  )
  return row === undefined ? 1 : 0
}

const ORIGINS: Readonly<Record<CurrentRanges['origin'], string>> = {
  fetched: 'as last fetched',
  kept: 'from the state file',
  file: 'from the file',
  bundled:
    'with those bundled with this release, since a list was never fetched; Inngest may call from others by now',
}

function describeSources({ origin, sources }: CurrentRanges, nowMs: number): void {
  console.log(`\npublished ranges ${ORIGINS[origin]}:`)
  for (const { source, ranges, fetchedAtSeconds } of sources) {
    console.log(`${source}: ${String(ranges)} range(s)${ageOf(source, fetchedAtSeconds, nowMs)}`)
  }
}

function ageOf(source: string, fetchedAtSeconds: number | undefined, nowMs: number): string {
  if (source === 'bundled') return ''
  if (fetchedAtSeconds === undefined) return ', never read'
  const hours = (nowMs / 1000 - fetchedAtSeconds) / 3600
  return `, read ${new Date(fetchedAtSeconds * 1000).toISOString()} (${hours.toFixed(1)} h ago)`
}

/**
 * `ips`: prints the allowed client addresses with their sources, for people or firewalls, or checks one
 * address.
 */
import { formatAddress, parseAddress } from '../ip/address.ts'
import { isInRange, type AddressRange } from '../ip/address-ranges.ts'
import type { Settings } from '../config/compile.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { whyBundled, type CurrentRanges } from '../ranges/current-ranges.ts'
import { version } from '../version.ts'
import { drift } from './drift.ts'
import type { IpFormat } from './ip-format-names.ts'
import { formatIps } from './ip-formats.ts'
import { ipListsOf, isoSeconds } from './ip-lists.ts'
import { startingRanges } from './resolve-ranges.ts'
import type { RunningGatewayOptions } from './running-gateway.ts'
import { readSettingsOrExplain, type SettingsOptions } from './settings.ts'
import { printError, printJson, printText } from './print.ts'

export interface IpsOptions extends SettingsOptions, RunningGatewayOptions {
  readonly check?: string
  readonly format?: IpFormat
  /** Reads the running gateway, and no configuration. */
  readonly drift?: boolean
}

/** @returns 0; 1 if the checked address is not allowed, or a range is unlisted; 2 if there is no result. */
export async function ips(options: IpsOptions, env: Environment, nowMs: number): Promise<number> {
  if (options.drift === true) return drift(options, env)
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined) return 2
  const published = await startingRanges(reading.settings)
  if (options.format !== undefined) {
    return writeAs(options.format, reading.settings, published, nowMs)
  }
  const rows = [...publishedRows(published, nowMs), ...ownRows(reading.settings)]
  if (options.check !== undefined) return check(options.check, rows)
  for (const { range, source } of rows) console.log(`${range.text.padEnd(44)}${source}`)
  if (published !== undefined) console.log(`\npublished ranges: ${originOf(published)}`)
  return 0
}

function writeAs(
  format: IpFormat,
  settings: Settings,
  published: CurrentRanges | undefined,
  nowMs: number,
): number {
  const lists = ipListsOf(published, settings, isoSeconds(nowMs))
  if (published?.origin === 'bundled') {
    printError(
      `warning: ranges are ${originOf(published)}. Run this where a gateway has fetched the lists, with its inngestRanges.stateFile`,
    )
  }
  const title = `Client addresses that inngest-gateway ${version} allows, written at ${isoSeconds(nowMs)}`
  const { port } = settings.config.listen
  const written = formatIps(format, { lists, title, port })
  if (typeof written === 'string') printText(written)
  else printJson(written)
  return 0
}

function ownRows({ allowlistSources }: Settings): Row[] {
  return allowlistSources
    .filter(({ source }) => source === 'config')
    .flatMap(({ ranges }) => ranges.ranges.map((range) => ({ range, source: 'allowlist' })))
}

function publishedRows(published: CurrentRanges | undefined, nowMs: number): Row[] {
  return (published?.sources ?? []).flatMap(({ source, ranges, fetchedAtSeconds }) =>
    ranges.map((range) => ({ range, source: `${source}${ageOf(fetchedAtSeconds, nowMs)}` })),
  )
}

function ageOf(fetchedAtSeconds: number | undefined, nowMs: number): string {
  if (fetchedAtSeconds === undefined) return ''
  const hours = (nowMs / 1000 - fetchedAtSeconds) / 3600
  return `, read ${hours.toFixed(1)} h ago`
}

interface Row {
  readonly range: AddressRange
  readonly source: string
}

function check(text: string, rows: readonly Row[]): number {
  const address = parseAddress(text)
  if (address === undefined) {
    printError(`expected an IPv4 or IPv6 address, found ${JSON.stringify(text)}`)
    return 2
  }
  const row = rows.find(({ range }) => isInRange(address, range))
  const name = formatAddress(address)
  console.log(
    row === undefined
      ? `${name} is in no range`
      : `${name} is in ${row.range.text} (${row.source})`,
  )
  return row === undefined ? 1 : 0
}

function originOf(published: CurrentRanges): string {
  switch (published.origin) {
    case 'fetched':
      return 'fetched now'
    case 'kept':
      return 'last fetched list, from the state file'
    case 'file':
      return 'from the configured file'
    case 'bundled':
      return `bundled with this release (${whyBundled(published)}); possibly out of date`
  }
}

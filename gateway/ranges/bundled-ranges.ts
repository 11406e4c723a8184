/** The ranges that Inngest publishes, as shipped with this release (config/inngest-ranges.yaml). */
import { readFileSync } from 'node:fs'

import { parse } from 'yaml'
import { z } from 'zod'

import { parseRange, type AddressRange } from '../ip/address-ranges.ts'

const FILE = new URL('../../config/inngest-ranges.yaml', import.meta.url)

const schema = z.strictObject({
  groups: z.array(
    z.strictObject({ source: z.string(), date: z.string(), ranges: z.array(z.string()).min(1) }),
  ),
})

/** Where some of them are from, and of when. */
export interface BundledList {
  readonly source: string
  /** A year, a month or a day. */
  readonly date: string
  readonly ranges: readonly AddressRange[]
}

/** @throws if the shipped file is damaged: a fault of the installation, not of the operator. */
export function readBundledLists(): BundledList[] {
  const { groups } = schema.parse(parse(readFileSync(FILE, 'utf8')))
  return groups.map(({ source, date, ranges }) => ({ source, date, ranges: ranges.map(readRange) }))
}

/** @throws as `readBundledLists` does. */
export function readPublishedRanges(): AddressRange[] {
  return readBundledLists().flatMap(({ ranges }) => ranges)
}

function readRange(text: string): AddressRange {
  const reading = parseRange(text)
  if (!reading.ok) throw new Error(`${FILE.pathname}: ${text}: expected ${reading.expected}`)
  return reading.range
}

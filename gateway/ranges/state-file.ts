/**
 * The last good lists on disk, for a start without network. A list from the file is checked like a fetched
 * list, so that a process that can write the file cannot admit every client.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { z } from 'zod'

import type { AddressRange } from '../ip/address-ranges.ts'
import type { PublishedList } from './published-list.ts'
import { listProblems, parseRangeList } from './range-list.ts'
import { plainError } from '../redact/safe-text.ts'

/** Lists by source. */
export type Lists = ReadonlyMap<string, PublishedList>

export type StateReading =
  { readonly ok: true; readonly lists: Lists } | { readonly ok: false; readonly why: string }

export type StateWriting = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** Room for ten sources with as many ranges as a list may have. */
const MAX_STATE_BYTES = 4_194_304

const seconds = z.int().min(0)
const listSchema = z.strictObject({
  source: z.string().min(1),
  fetchedAtSeconds: seconds,
  published: z.array(z.string()),
  vanished: z.array(z.strictObject({ range: z.string(), lastSeenSeconds: seconds })),
})
const stateSchema = z.strictObject({ version: z.literal(1), lists: z.array(listSchema) })

type StoredList = z.infer<typeof listSchema>

/** A missing file holds no lists. A damaged file is ignored as a whole. */
export function readState(file: string): StateReading {
  try {
    const stats = statSync(file, { throwIfNoEntry: false })
    if (stats === undefined) return { ok: true, lists: new Map() }
    if (!stats.isFile() || stats.size > MAX_STATE_BYTES)
      throw new Error('not a state file of this gateway')
    const state = stateSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
    if (!state.success) throw new Error(z.prettifyError(state.error))
    const lists = state.data.lists.map((stored) => [stored.source, restore(stored)] as const)
    return { ok: true, lists: new Map(lists) }
  } catch (error) {
    return { ok: false, why: plainError(error) }
  }
}

/** @throws if the list would be refused as a fetched one. */
function restore({ fetchedAtSeconds, published, vanished }: StoredList): PublishedList {
  const gone = vanished.length === 0 ? [] : check(vanished.map(({ range }) => range))
  const lastSeen = vanished.map(({ lastSeenSeconds }) => lastSeenSeconds)
  return {
    fetchedAtSeconds,
    published: check(published),
    vanished: gone.map((range, i) => ({ range, lastSeenSeconds: lastSeen[i] ?? 0 })),
  }
}

function check(texts: readonly string[]): readonly AddressRange[] {
  const reading = parseRangeList(JSON.stringify(texts))
  if (!reading.ok) throw new Error(`${listProblems[reading.problem]} ${reading.found ?? ''}`)
  return reading.ranges
}

/** Atomic: a new file is written and then renamed over the old one. */
export async function writeState(file: string, lists: Lists): Promise<StateWriting> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(temporary, format(lists), { mode: 0o600, flag: 'wx', flush: true })
    await rename(temporary, file)
    return { ok: true }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    return { ok: false, why: plainError(error) }
  }
}

function format(lists: Lists): string {
  const stored = Array.from(lists, ([source, list]): StoredList => {
    const vanished = list.vanished.map(({ range, lastSeenSeconds }) => ({
      range: range.text,
      lastSeenSeconds,
    }))
    const published = list.published.map(({ text }) => text)
    return { source, fetchedAtSeconds: list.fetchedAtSeconds, published, vanished }
  })
  const state: z.infer<typeof stateSchema> = { version: 1, lists: stored }
  return `${JSON.stringify(state, undefined, 2)}\n`
}

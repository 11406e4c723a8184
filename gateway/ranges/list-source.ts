/** The sources of lists. Reading a source gives ranges, or the reason why there are none. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { AddressRange } from '../ip/address-ranges.ts'
import { listProblems, parseRangeList, type ListProblem } from './range-list.ts'
import { ListFault, type ListFaultCode, MAX_LIST_BYTES } from './list-fault.ts'
import { plainError } from '../redact/safe-text.ts'

export type RangeSource = UrlSource | FileSource

export interface UrlSource {
  readonly kind: 'urls'
  readonly urls: readonly string[]
  /** Authorities to trust instead of the well-known ones, PEM. */
  readonly ca?: string | undefined
  readonly timeoutMs: number
  readonly refreshSeconds: number
}

export interface FileSource {
  readonly kind: 'file'
  readonly file: string
}

export interface ListSource {
  /** The URL, or `file:` and the path. Names the source in logs, metrics and the state file. */
  readonly label: string
  /** Whether each change of it is noticed, so that its last content was valid until now. */
  readonly isWatched: boolean
  /** @throws ListFault */
  readonly read: (signal: AbortSignal) => Promise<string>
}

export function listSources(source: RangeSource): ListSource[] {
  if (source.kind === 'file') {
    const { file } = source
    return [{ label: `file:${file}`, isWatched: true, read: () => readListFile(file) }]
  }
  const { urls, ca, timeoutMs } = source
  return [...new Set(urls)].map((url) => ({
    label: url,
    isWatched: false,
    read: async (signal) => {
      const { fetchList } = await import('./fetch-list.ts')
      return await fetchList(url, { ca, timeoutMs, signal })
    },
  }))
}

export type FetchResult = 'success' | ListProblem | ListFaultCode

export type Look =
  | { readonly ok: true; readonly ranges: readonly AddressRange[] }
  | { readonly ok: false; readonly failure: FetchFailure }

export interface FetchFailure {
  readonly code: ListProblem | ListFaultCode
  /** A sentence for the operator. */
  readonly why: string
  /** What exactly is wrong, short and printable. */
  readonly found: string | undefined
}

export async function fetchFrom(source: ListSource, signal: AbortSignal): Promise<Look> {
  try {
    const reading = parseRangeList(await source.read(signal))
    if (reading.ok) return reading
    return { ok: false, failure: failureOf(reading.problem, reading.found) }
  } catch (error) {
    if (!(error instanceof ListFault)) throw error
    const { code, message: why, cause } = error
    const found = cause === undefined ? undefined : plainError(cause)
    return { ok: false, failure: { code, why, found } }
  }
}

export function failureOf(code: ListProblem, found?: string): FetchFailure {
  return { code, why: listProblems[code], found }
}

/* A list in a file: from a ConfigMap, or written by another program. */

/** @throws ListFault */
async function readListFile(file: string): Promise<string> {
  const bytes = await readStart(file, MAX_LIST_BYTES + 1).catch((error: unknown) => {
    throw new ListFault('unreachable', error)
  })
  if (bytes.byteLength > MAX_LIST_BYTES) throw new ListFault('too_large')
  return bytes.toString('utf8')
}

async function readStart(file: string, maxBytes: number): Promise<Buffer> {
  // Opening a FIFO would block, and the gateway could not even stop meanwhile (config/read-file.ts).
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  if (!(await handle.stat()).isFile()) throw new Error('no regular file')
  const chunks: Buffer[] = []
  let length = 0
  const start = handle.createReadStream({ end: maxBytes - 1, autoClose: false })
  for await (const chunk of start as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.byteLength
  }
  return Buffer.concat(chunks, length)
}

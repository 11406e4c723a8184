/**
 * Tells when any of some files has changed since it was read, or when other files match a pattern. Looks at the files themselves: the
 * symlinks of a Kubernetes ConfigMap or Secret are swapped without an event on them.
 */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

import { matchingNames } from './include-pattern.ts'

/** Two looks make a change: 500 ms at most, and a copy in progress is waited for. */
const LOOK_EVERY_MS = 200

/** How far behind a file system's clock may be within one machine. */
const CLOCK_GRAIN_MS = 20

/** Of a file that changed while it was being read. */
const UNREAD = 'unread'

export class FileWatch {
  readonly #onChange: () => void
  /** File or pattern to the version that was read. */
  #read = new Map<string, string>()
  #turn = 0
  #seen: string | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param onChange called when a change has settled: nothing changed between two looks. */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /**
   * From now on these.
   * @param readAtMs when the reading of them began, Unix milliseconds.
   * @param patterns of which the files that match are among `files`.
   */
  async follow(
    files: readonly string[],
    readAtMs: number,
    patterns: readonly string[] = [],
  ): Promise<void> {
    const turn = (this.#turn += 1)
    const before = this.#read
    const watched = [...files.map(fileKey), ...patterns.map(patternKey)]
    const versions = watched.map(async (key) => {
      return [key, await versionOf(key, readAtMs, before.get(key))] as const
    })
    const read = new Map(await Promise.all(versions))
    // Unless others were named meanwhile.
    if (turn === this.#turn) this.#read = read
  }

  async look(): Promise<void> {
    const read = this.#read
    const versions = [...read.keys()].map(async (key) => [key, await versionOf(key)] as const)
    const now = new Map(await Promise.all(versions))
    // Others are followed by now.
    if (read !== this.#read) return
    const seen = [...now.values()].join(', ')
    const isSettled = seen === this.#seen
    this.#seen = seen
    if (!isSettled || [...now].every(([key, version]) => read.get(key) === version)) return
    this.#read = now
    this.#onChange()
  }
}

/** A file may have the `*` of a pattern in its name. */
const fileKey = (file: string) => `file ${file}`
const patternKey = (pattern: string) => `pattern ${pattern}`

/**
 * Changes whenever the file, or the list of files, does; a missing one has a version too.
 * @param readAtMs see `follow`.
 * @param before what it was before it was read: if it still is, it did not change meanwhile, though
 * its time be in the future, as after a clock that was put back.
 */
async function versionOf(key: string, readAtMs = Infinity, before?: string): Promise<string> {
  try {
    const { version, changedMs } = await (key.startsWith('file ')
      ? stateOfFile(key.slice('file '.length))
      : stateOfPattern(key.slice('pattern '.length)))
    return version !== before && changedMs > readAtMs - CLOCK_GRAIN_MS ? UNREAD : version
  } catch {
    return 'missing'
  }
}

interface State {
  readonly version: string
  readonly changedMs: number
}

async function stateOfFile(file: string): Promise<State> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(file)
  return { version: [ino, size, mtimeMs, ctimeMs].join(' '), changedMs: ctimeMs }
}

/** Of the names alone: other files may come and go in the folder at any time. */
async function stateOfPattern(pattern: string): Promise<State> {
  const folder = path.dirname(pattern)
  const { ctimeMs } = await stat(folder)
  const names = matchingNames(pattern, await readdir(folder))
  return { version: names.join('/'), changedMs: ctimeMs }
}

/**
 * Detects changes of files since they were read, and new matches of a pattern. It polls the files themselves:
 * the symlinks of a Kubernetes ConfigMap or Secret are replaced without an event on them.
 */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

import { matchingNames } from './include-pattern.ts'

/** A change is reported after two polls: within 500 ms, and not while a copy is in progress. */
const LOOK_EVERY_MS = 200

/** The clock of a file system on the same machine may be late by this much. */
const CLOCK_GRAIN_MS = 20

/** The version of a file that changed while it was being read. */
const UNREAD = 'unread'

export class FileWatch {
  readonly #onChange: () => void
  /** The version that was read, by file or pattern. */
  #read = new Map<string, string>()
  #turn = 0
  #seen: string | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param onChange called when a change has settled: the files were equal in two polls. */
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
   * Watches these files and patterns from now on.
   * @param readAtMs when reading them started, Unix milliseconds.
   * @param patterns the files that match are included in `files`.
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
    // Unless another list was set meanwhile.
    if (turn === this.#turn) this.#read = read
  }

  async look(): Promise<void> {
    const read = this.#read
    const versions = [...read.keys()].map(async (key) => [key, await versionOf(key)] as const)
    const now = new Map(await Promise.all(versions))
    // Another list is watched by now.
    if (read !== this.#read) return
    const seen = [...now.values()].join(', ')
    const isSettled = seen === this.#seen
    this.#seen = seen
    if (!isSettled || [...now].every(([key, version]) => read.get(key) === version)) return
    this.#read = now
    this.#onChange()
  }
}

/** A file name may contain the `*` of a pattern. */
const fileKey = (file: string) => `file ${file}`
const patternKey = (pattern: string) => `pattern ${pattern}`

/**
 * Changes whenever the file, or the list of files, changes. A missing file has a version, too.
 * @param readAtMs see `follow`.
 * @param before the version before the read. If it is the same now, the file did not change meanwhile, even if
 * its time is in the future, as after a clock was set back.
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

/** The names only: unrelated files may change in the folder at any time. */
async function stateOfPattern(pattern: string): Promise<State> {
  const folder = path.dirname(pattern)
  const { ctimeMs } = await stat(folder)
  const names = matchingNames(pattern, await readdir(folder))
  return { version: names.join('/'), changedMs: ctimeMs }
}

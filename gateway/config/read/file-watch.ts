/**
 * Tells when any of some files has changed since it was read. Looks at the files themselves: the
 * symlinks of a Kubernetes ConfigMap or Secret are swapped without an event on them.
 */
import { stat } from 'node:fs/promises'

/** Two looks make a change: 500 ms at most, and a copy in progress is waited for. */
const LOOK_EVERY_MS = 200

/** How far behind a file system's clock may be within one machine. */
const CLOCK_GRAIN_MS = 20

/** Of a file that changed while it was being read. */
const UNREAD = 'unread'

export class FileWatch {
  readonly #onChange: () => void
  /** File to the version that was read. */
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

  /** From now on these. @param readAtMs when the reading of them began, Unix milliseconds. */
  async follow(files: readonly string[], readAtMs: number): Promise<void> {
    const turn = (this.#turn += 1)
    const before = this.#read
    const versions = files.map(async (file) => {
      return [file, await versionOf(file, readAtMs, before.get(file))] as const
    })
    const read = new Map(await Promise.all(versions))
    // Unless others were named meanwhile.
    if (turn === this.#turn) this.#read = read
  }

  async look(): Promise<void> {
    const read = this.#read
    const versions = [...read.keys()].map(async (file) => [file, await versionOf(file)] as const)
    const now = new Map(await Promise.all(versions))
    // Others are followed by now.
    if (read !== this.#read) return
    const seen = [...now.values()].join(', ')
    const isSettled = seen === this.#seen
    this.#seen = seen
    if (!isSettled || [...now].every(([file, version]) => read.get(file) === version)) return
    this.#read = now
    this.#onChange()
  }
}

/**
 * Changes whenever the file does; a missing one has a version too.
 * @param readAtMs see `follow`.
 * @param before what it was before it was read: if it still is, it did not change meanwhile, though
 * its time be in the future, as after a clock that was put back.
 */
async function versionOf(file: string, readAtMs = Infinity, before?: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file)
    const version = [ino, size, mtimeMs, ctimeMs].join(' ')
    return version !== before && ctimeMs > readAtMs - CLOCK_GRAIN_MS ? UNREAD : version
  } catch {
    return 'missing'
  }
}

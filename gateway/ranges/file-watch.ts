/**
 * Tells when a file has changed. Looks at the file itself: the symlinks of a ConfigMap are swapped
 * without an event on them. A change counts once a second look finds the same, so that half of a
 * copy is not read.
 */
import { stat } from 'node:fs/promises'

const LOOK_EVERY_MS = 500

export class FileWatch {
  readonly #file: string
  readonly #onChange: () => void
  #timer: NodeJS.Timeout | undefined
  #seen: string | undefined
  #reported: string | undefined

  constructor(file: string, onChange: () => void) {
    this.#file = file
    this.#onChange = onChange
  }

  /** Calls at once, too. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref()
    // Before it is read: what changes meanwhile is a change.
    this.#reported = this.#seen = await versionOf(this.#file)
    this.#onChange()
  }

  async look(): Promise<void> {
    const version = await versionOf(this.#file)
    const isStable = version === this.#seen
    this.#seen = version
    if (!isStable || version === this.#reported) return
    this.#reported = version
    this.#onChange()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Changes with the content, and with who may read it. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file)
    return [ino, size, mtimeMs, ctimeMs].join(' ')
  } catch {
    return 'missing'
  }
}

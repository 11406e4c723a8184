/** When to read a list that is in a file: at once, and whenever it changes. */
import { FileWatch } from '../config/read/file-watch.ts'

export class FileTrigger {
  readonly #file: string
  readonly #refresh: () => void
  readonly #watch: FileWatch

  constructor(file: string, refresh: () => void) {
    this.#file = file
    this.#refresh = refresh
    this.#watch = new FileWatch(refresh)
  }

  async start(): Promise<void> {
    const readAtMs = Date.now()
    this.#refresh()
    this.#watch.start()
    await this.#watch.follow([this.#file], readAtMs)
  }

  stop(): void {
    this.#watch.stop()
  }
}

/** When to fetch the lists again: regularly, and sooner after a failure. */
import { FileWatch } from '../config/read/file-watch.ts'

const FIRST_RETRY_SECONDS = 60
/** So that gateways that started together do not keep fetching at the same moment. */
const JITTER = 0.1

/**
 * @param failedRounds how many rounds in a row have failed.
 * @param random from 0 to 1.
 */
export function refreshDelaySeconds(
  refreshSeconds: number,
  failedRounds: number,
  random: number,
): number {
  const retrySeconds = FIRST_RETRY_SECONDS * 2 ** (failedRounds - 1)
  const seconds = failedRounds === 0 ? refreshSeconds : Math.min(retrySeconds, refreshSeconds)
  return seconds * (1 + JITTER * (2 * random - 1))
}

export class RefreshTimer {
  readonly #refreshSeconds: number
  readonly #refresh: () => Promise<boolean>
  readonly #random: () => number
  #timer: NodeJS.Timeout | undefined
  #failedRounds = 0
  #isStopped = false

  /** @param refresh resolves to whether every list is as last published. */
  constructor(refreshSeconds: number, refresh: () => Promise<boolean>, random: () => number) {
    this.#refreshSeconds = refreshSeconds
    this.#refresh = refresh
    this.#random = random
  }

  /** Refreshes at once, too. */
  async start(): Promise<void> {
    const isGood = await this.#refresh()
    if (this.#isStopped) return
    this.#failedRounds = isGood ? 0 : this.#failedRounds + 1
    const seconds = refreshDelaySeconds(this.#refreshSeconds, this.#failedRounds, this.#random())
    this.#timer = setTimeout(() => void this.start(), seconds * 1000).unref()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }
}

/** When to read a list that is in a file: at once, and whenever it changes. */
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

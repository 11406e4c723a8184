/**
 * The log line of a request, byte for byte as pino writes it, at half the cost. There is one for every request,
 * and JSON.stringify for all fields at once is faster than pino's loop over them. pino writes all other lines.
 *
 * There is one difference: in texts of at most 100 characters, pino on Node 24 does not escape a lone
 * surrogate, which is then written as U+FFFD. Here it is escaped, as pino does in longer texts and on Node 26.
 * Text from clients is logged in ASCII, so only a configured name could contain one.
 */

/** The message of that line only. */
export const REQUEST_MESSAGE = 'request'

const END = `,"msg":${JSON.stringify(REQUEST_MESSAGE)}}\n`

export class RequestLines {
  /** The fields of every line, each with a comma before it. */
  readonly #base: string
  #startedMs = Number.NaN
  #start = ''

  constructor(base: object) {
    const members = membersOf(base)
    this.#base = members === '' ? '' : `,${members}`
  }

  /**
   * @param fields at least one.
   * @param nowMs Unix milliseconds.
   */
  lineOf(fields: object, nowMs: number): string {
    // Many lines are written in the same millisecond, and formatting the time is a fifth of the cost of a line.
    if (nowMs !== this.#startedMs) {
      this.#startedMs = nowMs
      this.#start = `{"level":"info","time":"${new Date(nowMs).toISOString()}"${this.#base},`
    }
    return this.#start + membersOf(fields) + END
  }
}

/** As in pino, undefined is omitted, and NaN becomes null. */
function membersOf(fields: object): string {
  return JSON.stringify(fields).slice(1, -1)
}

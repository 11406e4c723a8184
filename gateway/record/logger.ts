/** Log lines: JSON on stdout, or readable text on a terminal. */
import { destination, pino, stdTimeFunctions, type Logger } from 'pino'

import { loggedError } from '../redact/safe-text.ts'
import { terminalLine } from './terminal-line.ts'

/** At most this much waits to be written; what comes on top is dropped. */
const MAX_WAITING_BYTES = 1_048_576

/** What is written to a pipe at once stays together (POSIX `PIPE_BUF`, here as Linux has it). */
const PIPE_BUF_BYTES = 4096

/** As much as the library writes with one system call, which costs as much as making several lines. */
const MAX_WRITE_BYTES = 16_384

export interface LoggerOptions {
  /** What every line carries. */
  readonly fields?: Record<string, unknown>
  /** By several processes, so that no line of one may end up within another's. */
  readonly isOutputShared?: boolean
  /** On a terminal, all fields of each line. JSON always has them. */
  readonly isVerbose?: boolean
}

export function createLogger(
  level: string,
  { fields = {}, isOutputShared = false, isVerbose = false }: LoggerOptions = {},
): Logger {
  const options = {
    level,
    base: fields,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: loggedError },
    formatters: { level: (label: string) => ({ level: label }) },
  }
  if (!process.stdout.isTTY) {
    return pino(options, unfailing(isOutputShared ? PIPE_BUF_BYTES : MAX_WRITE_BYTES))
  }
  // `hasColors` follows FORCE_COLOR, NO_COLOR and TERM=dumb.
  const style = { isColored: process.stdout.hasColors(), isVerbose }
  return pino(options, {
    write: (line: string) => {
      process.stdout.write(terminalLine(line, style))
    },
  })
}

/**
 * Standard output that may be full. An error of it would be thrown from wherever a line is logged and
 * end the process; and pino, told of no way around, flushes a last line for ever.
 *
 * Lines logged one right after the other are written together, before anything else runs.
 * @param mostBytes written at once, unless a line is longer.
 */
function unfailing(mostBytes: number): { write: (line: string) => void } {
  const output = destination({ fd: 1, sync: true, maxLength: MAX_WAITING_BYTES })
  output.on('error', () => undefined)
  let lines = ''
  let bytes = 0
  const writeOut = () => {
    if (lines !== '') output.write(lines)
    lines = ''
    bytes = 0
  }
  process.on('exit', writeOut)
  return {
    write: (line) => {
      const lineBytes = Buffer.byteLength(line)
      if (bytes + lineBytes > mostBytes) writeOut()
      if (lines === '') queueMicrotask(writeOut)
      lines += line
      bytes += lineBytes
    },
  }
}

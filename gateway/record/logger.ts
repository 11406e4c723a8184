/** Log lines: JSON on stdout, or readable text on a terminal. */
import { destination, levels, pino, stdTimeFunctions, type Logger } from 'pino'

import { loggedError } from '../redact/safe-text.ts'
import { REQUEST_MESSAGE, RequestLines } from './log-line.ts'
import { terminalLine } from './terminal-line.ts'

/** Limit of unwritten output; further lines are dropped. */
const MAX_WAITING_BYTES = 1_048_576

/** A single write to a pipe up to this length is not interleaved with others (POSIX `PIPE_BUF`, on Linux). */
const PIPE_BUF_BYTES = 4096

/** The maximum that the library writes with one system call, which costs as much as making several lines. */
const MAX_WRITE_BYTES = 16_384

export interface LoggerOptions {
  /** The fields of every line. */
  readonly fields?: Record<string, unknown>
  /** Several processes write to the same output, so their lines must not be interleaved. */
  readonly isOutputShared?: boolean
  /** On a terminal, shows all fields of each line. JSON always has them. */
  readonly isVerbose?: boolean
}

export function createLogger(
  level: string,
  { fields = {}, isOutputShared = false, isVerbose = false }: LoggerOptions = {},
): Logger {
  const output = outputFor(isOutputShared, isVerbose)
  const requestLines = new RequestLines(fields)
  return pino(
    {
      level,
      base: fields,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: loggedError },
      formatters: { level: (label: string) => ({ level: label }) },
      hooks: {
        // Not called for a disabled level.
        logMethod(args, method, levelValue) {
          const [line, message]: readonly unknown[] = args
          const isRequest = message === REQUEST_MESSAGE && levelValue === INFO
          if (isRequest && isObject(line)) output.write(requestLines.lineOf(line, Date.now()))
          else method.apply(this, args)
        },
      },
    },
    output,
  )
}

const INFO = levels.values['info']

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

interface Output {
  readonly write: (line: string) => void
}

function outputFor(isShared: boolean, isVerbose: boolean): Output {
  if (!process.stdout.isTTY) return unfailing(isShared ? PIPE_BUF_BYTES : MAX_WRITE_BYTES)
  // `hasColors` follows FORCE_COLOR, NO_COLOR and TERM=dumb.
  const style = { isColored: process.stdout.hasColors(), isVerbose }
  return {
    write: (line) => {
      process.stdout.write(terminalLine(line, style))
    },
  }
}

/**
 * Standard output that ignores write errors, such as those of a full pipe. An unhandled error would be thrown at
 * any log call and end the process, and pino would try to flush a last line for ever.
 *
 * Lines that are logged in direct succession are written together, before other code runs.
 * @param mostBytes limit of one write, unless a single line is longer.
 */
function unfailing(mostBytes: number): Output {
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

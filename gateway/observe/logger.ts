/** Log lines: JSON on stdout, or readable text on a terminal. */
import { pino, stdTimeFunctions, type Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'

export function createLogger(level: string): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  if (!process.stdout.isTTY) return pino(options)
  const prettify = prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l' })
  return pino(options, {
    write: (line: string) => {
      process.stdout.write(prettify(line))
    },
  })
}

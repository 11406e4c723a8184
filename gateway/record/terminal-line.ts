/**
 * Formats a log line for a terminal: a request in one line, colored by its decision, and anything else as
 * level, message and `key=value`. The JSON line is the only input, so a terminal shows exactly the contents of
 * the log.
 *
 * The color codes added here are the only control characters in the result: an escape sequence in a value could
 * rewrite earlier lines or type into the operator's shell (CVE-2009-4487, nginx).
 */
import { terminalText, type LoggedError } from '../redact/safe-text.ts'
import type { LogFields } from './log-fields.ts'
import type { Decision } from './request-record.ts'

export interface TerminalStyle {
  readonly isColored: boolean
  /** Shows all fields of a line below it. */
  readonly isVerbose: boolean
}

type LogLine = Partial<LogFields> & {
  readonly time: string
  readonly level: string
  readonly msg?: string
  readonly err?: LoggedError
}

/** SGR foreground colors (ECMA-48, 8.3.117). */
const colors = { red: 31, green: 32, yellow: 33, magenta: 35 } as const
type Color = keyof typeof colors

const levelColors: Readonly<Record<string, Color>> = { warn: 'yellow', error: 'red', fatal: 'red' }

const INDENT = ' '.repeat('HH:MM:SS '.length)

/**
 * @param json a line as pino writes it.
 * @returns the formatted line, with a line break.
 */
export function terminalLine(json: string, { isColored, isVerbose }: TerminalStyle): string {
  const line = JSON.parse(json) as LogLine
  const { time, level, msg = '', ...fields } = line
  const paint = (text: string, color: Color | undefined) =>
    isColored && color !== undefined ? `\x1b[${String(colors[color])}m${text}\x1b[39m` : text
  // The process ends after a fatal line, so its stack is always shown.
  const isDetailed = isVerbose || level === 'fatal'
  const shown =
    line.decision === undefined
      ? [paint(column(level).padEnd(5), levelColors[level]), terminalText(msg)]
      : requestColumns(line, line.decision, paint)
  const pairs = line.decision === undefined && !isDetailed ? pairsOf(fields) : []
  const details = isDetailed ? detailsOf(fields) : []
  const first = [localTime(time), ...shown, ...pairs].join(' ')
  return `${[first, ...details.map((text) => `${INDENT}${text}`)].join('\n')}\n`
}

/** Status, decision, method, path, route, client, duration: always seven, so that `cut` and `awk` work. */
function requestColumns(
  line: LogLine,
  decision: Decision,
  paint: (text: string, color: Color) => string,
): string[] {
  const { status, method, path, route, client_ip: client, remote_ip: peer } = line
  const [verdict, color] = verdictOf(line, decision)
  return [
    paint(`${column(status ?? '---')} ${column(verdict)}`, color),
    ...[method, path, route].map(column),
    client === undefined && peer !== undefined ? `peer:${column(peer)}` : column(client),
    durationOf(line.duration_ms),
  ]
}

function verdictOf(
  { reason, report_only }: LogLine,
  decision: Decision,
): [string | undefined, Color] {
  if (decision === 'failed') return [reason, 'magenta']
  if (decision === 'refused') return [reason, 'red']
  if (report_only === undefined || report_only.length === 0) return ['admitted', 'green']
  return [`report-only:${report_only.join(',')}`, 'yellow']
}

/** As a single word; a missing value is `-`, as in the logs of other servers. */
function column(value: string | number | undefined): string {
  return value === undefined || value === '' ? '-' : word(value)
}

function localTime(time: string): string {
  const date = new Date(time)
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}

function durationOf(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '-'
  return milliseconds < 1000
    ? `${milliseconds.toFixed(1)}ms`
    : `${(milliseconds / 1000).toFixed(1)}s`
}

function pairsOf(fields: object): string[] {
  return Object.entries(fields).map(([name, value]: [string, unknown]) => {
    const shown = name === 'err' ? word(errorLine(value as LoggedError)) : word(value)
    return `${word(name)}=${shown}`
  })
}

function detailsOf(fields: object): string[] {
  const names = Object.keys(fields)
  const width = Math.max(0, ...names.map((name) => name.length))
  return Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
    const lines = name === 'err' ? errorLines(value as LoggedError) : [word(value)]
    return lines.map((text, i) => `${(i === 0 ? word(name) : '').padEnd(width)}  ${text}`)
  })
}

/** Quoted, as JSON, unless it is a single word. */
function word(value: unknown): string {
  const isPlain = typeof value === 'string' && /^[^\s"=]+$/.test(value)
  return terminalText(isPlain ? value : JSON.stringify(value))
}

function errorLine({ code = '', message }: LoggedError): string {
  return message.includes(code) ? message : `${code} ${message}`
}

function errorLines(error: LoggedError): string[] {
  const own = error.stack ?? `${error.type}: ${errorLine(error)}`
  const causes = (error.causes ?? []).flatMap(errorLines)
  return [
    ...own.split('\n').map(terminalText),
    ...causes.map((text, i) => (i === 0 ? `caused by ${text}` : text)),
  ]
}

/**
 * Numbers and times in the format of the status page, without a line break between number and unit. Times of
 * day are UTC, as in the log.
 */

const numbers = new Intl.NumberFormat('en')

export function formatCount(count: number): string {
  return numbers.format(count)
}

const STEPS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** In the largest unit with a value of at least one, rounded down. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000)
  const [size, unit] = STEPS.find(([step]) => seconds >= step) ?? [1, 's']
  return `${formatCount(Math.floor(seconds / size))}\u00a0${unit}`
}

export function formatAgo(thenMs: number | undefined, nowMs: number): string {
  return thenMs === undefined ? 'never' : `${formatSpan(nowMs - thenMs)} ago`
}

/** Without the date if that is today. */
export function formatTime(ms: number, nowMs: number): string {
  const [day = '', time = ''] = isoTime(ms).split('T')
  const isToday = isoTime(nowMs).startsWith(day)
  return isToday ? time.slice(0, 8) : `${day.slice(5)} ${time.slice(0, 8)}`
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds >= 999_500) return `${formatCount(Math.round(milliseconds / 1000))}\u00a0s`
  if (milliseconds >= 999.5) return `${(milliseconds / 1000).toPrecision(3)}\u00a0s`
  return `${milliseconds.toFixed(milliseconds < 9.95 ? 1 : 0)}\u00a0ms`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${String(bytes)}\u00a0B`
  const kibibytes = bytes / 1024
  return kibibytes < 1024
    ? `${kibibytes.toFixed(1)}\u00a0KiB`
    : `${(kibibytes / 1024).toFixed(1)}\u00a0MiB`
}

/** The age of a signature. */
export function formatAge(seconds: number): string {
  const amount = `${Math.abs(seconds).toFixed(1).replace(/\.0$/, '')}\u00a0s`
  return seconds < 0 ? `${amount}\u00a0ahead` : `${amount}\u00a0old`
}

/** Rows of counts: by minute, by reason, by age. */
import { faults } from '../../admit/faults.ts'
import { decisions } from '../../record/request-record.ts'
import { reasons } from '../../admit/reasons.ts'
import { formatAgo, formatCount, isoTime } from './format.ts'
import { ageBoundsSeconds, type Minute, type Status } from './status.ts'
import type { Row } from './view.ts'

/** Newest first. */
export function describeMinutes(minutes: readonly Minute[]): Row[] {
  return minutes.toReversed().map((minute) => ({
    key: String(minute.startMs),
    cells: [
      { text: isoTime(minute.startMs).slice(11, 16) },
      ...decisions.map((decision) => ({ text: formatCount(minute.decisions[decision]) })),
    ],
  }))
}

/** The most frequent reasons of the last minutes first. */
export function describeReasons({ reasons: counted, minutes, takenMs }: Status): Row[] {
  const lately = (reason: string) =>
    minutes.reduce((sum, minute) => sum + (minute.reasons[reason] ?? 0), 0)
  return counted
    .map(({ reason, count, lastMs }) => ({ reason, count, lastMs, recent: lately(reason) }))
    .sort((a, b) => b.recent - a.recent || b.count - a.count)
    .map(({ reason, count, lastMs, recent }) => ({
      key: reason,
      cells: [
        { text: reason, sub: meaningOf(reason), tone: toneOf(reason) },
        { text: formatCount(recent) },
        { text: formatCount(count) },
        { text: formatAgo(lastMs, takenMs) },
      ],
    }))
}

/** The meanings in the tables are Markdown. */
function meaningOf(reason: string): string {
  const meaning = isReason(reason) ? reasons[reason].meaning : faultMeaning(reason)
  return meaning.replaceAll('`', '')
}

function faultMeaning(code: string): string {
  return Object.hasOwn(faults, code) ? faults[code as keyof typeof faults].meaning : ''
}

function toneOf(reason: string): 'warn' | 'bad' {
  return isReason(reason) ? 'warn' : 'bad'
}

function isReason(reason: string): reason is keyof typeof reasons {
  return Object.hasOwn(reasons, reason)
}

export function describeAges(minutes: readonly Minute[]): Row[] {
  const counts = [...ageNames.keys()].map((i) =>
    minutes.reduce((sum, { ages }) => sum + (ages[i] ?? 0), 0),
  )
  const most = Math.max(1, ...counts)
  return ageNames.map((name, i) => {
    const count = counts[i] ?? 0
    return {
      key: name,
      cells: [{ text: name }, { text: formatCount(count), share: count / most }],
    }
  })
}

const ageNames = [undefined, ...ageBoundsSeconds].map((from, i) =>
  nameOf(from, ageBoundsSeconds[i]),
)

function nameOf(from: number | undefined, to: number | undefined): string {
  if (from === undefined) return `over ${span(-(to ?? 0))} ahead`
  if (to === undefined) return `over ${span(from)}`
  if (to < 0) return `${between(-to, -from)} ahead`
  return from < 0 ? `within ${span(to)}` : between(from, to)
}

function between(from: number, to: number): string {
  return from >= 60 === to >= 60
    ? `${String(from / unitOf(from))}–${span(to)}`
    : `${span(from)} – ${span(to)}`
}

function unitOf(seconds: number): number {
  return seconds < 60 ? 1 : 60
}

function span(seconds: number): string {
  return seconds < 60 ? `${String(seconds)} s` : `${String(seconds / 60)} min`
}

/** Compares the result with the expectation of a case. A result that proves neither counts as not tested. */
import type { Expectation, Judgement, Outcome } from './case.ts'
import type { Reading } from './reading.ts'

export interface Labelled extends Reading {
  readonly label: string
}

export function judge(expects: Expectation, readings: readonly Labelled[]): Judgement {
  switch (expects.kind) {
    case 'admitted':
      return worst(readings, (reading) => judgeAdmitted(expects, reading))
    case 'refused':
      return worst(readings, (reading) => judgeRefused(expects, reading))
    case 'spent':
      return judgeSpent(expects, readings)
    case 'once':
      return judgeOnce(readings)
  }
}

function judgeAdmitted(
  { unless, needsSuccess }: Expectation & { kind: 'admitted' },
  { is, status, text }: Reading,
): Judgement {
  if (is === 'admitted') {
    // If the SDK cannot verify what the gateway verified, it has another key, or does not canonicalize.
    if (status === 401 || status === 403)
      return failed(`${text}: the app itself refused it; does its SDK have this signing key?`)
    const isSuccess = status >= 200 && status < 300
    if (needsSuccess === true && !isSuccess)
      return failed(`${text}: the app failed; does its SDK have a signing key?`)
    return status === 0 ? failed(text) : passed(text)
  }
  if (is === 'undecided') return notTested(text)
  if (is === 'refused' && status === unless?.status) return notTested(unless.why)
  return failed(text)
}

const USED_ALREADY = { kind: 'refused', statuses: [409] } as const

function judgeRefused(
  { statuses, inFront, reportedBy }: Expectation & { kind: 'refused' },
  { is, status, text }: Reading,
): Judgement {
  switch (is) {
    case 'refused':
      if (statuses.includes(status)) return passed(text)
      return inFront === 'mends'
        ? notTested(
            `${text}, so for another reason: a proxy in front of the gateway corrected the request`,
          )
        : failed(`${text}, so for another reason`)
    case 'stranger':
    case 'unanswered':
      return inFront === undefined
        ? failed(text)
        : notTested(`${text}: the request may never have reached the gateway`)
    case 'undecided':
      return notTested(text)
    case 'admitted':
    case 'failed':
      return reportedBy === undefined
        ? failed(text)
        : notTested(`${text}: \`${reportedBy}\` of the route only reports it, as by default`)
  }
}

function judgeSpent(
  { statuses = USED_ALREADY.statuses }: Expectation & { kind: 'spent' },
  [first, ...others]: readonly Labelled[],
): Judgement {
  if (first?.is !== 'admitted' && first?.is !== 'failed') {
    return notTested(`the original function call: ${first?.text ?? 'not sent'}`)
  }
  return worst(others, (reading) => judgeRefused({ kind: 'refused', statuses }, reading))
}

function judgeOnce(readings: readonly Labelled[]): Judgement {
  const isIn = ({ is }: Reading) => is === 'admitted' || is === 'failed'
  const admitted = readings.filter(isIn)
  const count = `${String(admitted.length)} of ${String(readings.length)} admitted`
  if (admitted.length > 1) return failed(count)
  const others = worst(
    readings.filter((reading) => !isIn(reading)),
    (reading) => judgeRefused(USED_ALREADY, reading),
  )
  if (others.outcome !== 'passed') return others
  return admitted.length === 1 ? passed(`${count}, the others ${others.detail}`) : notTested(count)
}

const ORDER: readonly Outcome[] = ['failed', 'not tested', 'passed']

/** The maximum number of a kind that are listed one by one. */
const TOLD = 3

/** One failure makes the whole result a failure. */
function worst(
  readings: readonly Labelled[],
  judgeOne: (reading: Reading) => Judgement,
): Judgement {
  const all = readings.map((reading) => ({ label: reading.label, ...judgeOne(reading) }))
  const outcome = ORDER.find((each) => all.some((one) => one.outcome === each)) ?? 'not tested'
  const those = all.filter((one) => one.outcome === outcome)
  const details = new Set(those.map(({ detail }) => detail))
  // If all are equal, no labels are needed.
  if (details.size === 1 && those.length === all.length) {
    return { outcome, detail: [...details].join() }
  }
  const told = those.slice(0, TOLD).map(({ label, detail }) => `${label}: ${detail}`)
  const more = those.length > TOLD ? [`and ${String(those.length - TOLD)} more`] : []
  return { outcome, detail: [...told, ...more].join('; ') }
}

function passed(detail: string): Judgement {
  return { outcome: 'passed', detail }
}

function failed(detail: string): Judgement {
  return { outcome: 'failed', detail }
}

function notTested(detail: string): Judgement {
  return { outcome: 'not tested', detail }
}

/** The end of a soak as a table, and whether all of it is right. */
import type { SoakReport } from './soak.ts'

/** @returns what is not as it has to be; empty if all is. */
export function faultsOf(report: SoakReport): string[] {
  const { wrong, differences, requests, logLines, admitted, arrivals, strayBytes, exitCode } =
    report
  const checks: readonly (readonly [boolean, string])[] = [
    [requests > 0, 'nothing was sent'],
    [logLines === requests, `${String(logLines)} log lines for ${String(requests)} requests`],
    [arrivals === admitted, `the app got ${String(arrivals)} of ${String(admitted)} requests`],
    [strayBytes === 0, `${String(strayBytes)} stray bytes reached the app`],
    [exitCode === 0, `the gateway ended with ${String(exitCode)}`],
  ]
  return [
    ...differences,
    ...wrong.map(({ play, what }) => `${play}: ${what}`),
    ...checks.flatMap(([isRight, fault]) => (isRight ? [] : [fault])),
  ]
}

export function tableOf({ plays }: SoakReport): string {
  const rows = [...plays].sort(([one], [other]) => (one < other ? -1 : 1))
  return rows.map(([play, reasons]) => rowOf(play, reasons)).join('\n')
}

function rowOf(play: string, reasons: ReadonlyMap<string, number>): string {
  const counts = [...reasons].sort(([, one], [, other]) => other - one)
  const sum = counts.reduce((total, [, count]) => total + count, 0)
  const ends = counts.map(
    ([reason, count]) => `${reason === 'none' ? 'admitted' : reason} ${String(count)}`,
  )
  return `${play.padEnd(48)}${String(sum).padStart(8)}  ${ends.join(', ')}`
}

export function summaryOf(report: SoakReport): string {
  const { requests, logLines, admitted, arrivals, reloads, redis, admittedAfterLoss } = report
  const restarts = [...redis].map(([kind, count]) => `${kind} ${String(count)} times`)
  return [
    `requests ${String(requests)}, log lines ${String(logLines)}, with one right end only ${String(report.certain)}`,
    `admitted ${String(admitted)}, arrived at the app ${String(arrivals)}, stray bytes ${String(report.strayBytes)}`,
    `configurations taken over ${String(reloads.taken)}, refused ${String(reloads.refused)}`,
    `Redis ${restarts.join(', ')}`,
    `admitted again after a loss, as documented for signatures ahead of the clock: ${String(admittedAfterLoss)}`,
    `metrics that differ: ${String(report.differences.length)}`,
    `wrong decisions: ${String(report.wrong.length)}`,
  ].join('\n')
}

/** The report of a rollout as text. */
import { checkName, describePassed, formatCount, nameOf, verdictNames } from '../rollout/words.ts'
import type { JudgedCheck, JudgedRoute, Rollout } from './rollout-verdict.ts'

const CHECK_WIDTH = 11

export function describeRollout(rollout: Rollout): string {
  const reported = rollout.routes.filter(({ checks }) => checks.length > 0)
  const lines = [
    ...(reported.length === 0 ? ['no check is in report mode'] : []),
    ...reported.flatMap(describeRoute),
    ...describeUncounted(rollout),
    `verdict: ${verdictNames[rollout.verdict]}`,
  ]
  return lines.join('\n')
}

function describeRoute({ route, policy, checks }: JudgedRoute): string[] {
  return [`route ${route} (${policy})`, ...checks.flatMap(describeCheck), '']
}

function describeCheck(judged: JudgedCheck): string[] {
  const { check, verdict, requests, period } = judged
  const name = checkName(check)
  const seen = `${formatCount(requests)} requests in ${period}`
  const passed = describePassed(judged.passed)
  return [
    `  ${name.padEnd(CHECK_WIDTH)} ${verdictNames[verdict]} (${seen})`,
    ...(passed === undefined ? [] : [`    passed: ${passed}`]),
    ...describeMissing(judged),
    ...judged.refusals.flatMap(describeRefusal),
  ]
}

function describeMissing({ missing }: JudgedCheck): string[] {
  if (missing.length === 0) return []
  const parts = missing.map(({ what, seen, needed }) => `${what}: ${seen} of ${needed}`)
  const hint = missing.some(({ what }) => what === nameOf('sync')) ? '; sync the app once' : ''
  return [`    too little: ${parts.join(', ')}${hint}`]
}

function describeRefusal(refusal: JudgedCheck['refusals'][number]): string[] {
  const { reason, count, strangers, refusedAnyway, last, meaning, remedy } = refusal
  const parts = [
    count > 0 ? `${formatCount(count)} would be refused, last at ${last}` : '',
    count > 0 && !refusal.blocking ? 'as intended' : '',
    strangers > 0 ? `${formatCount(strangers)} more are unsigned and from no listed address` : '',
    refusedAnyway > 0 ? `${formatCount(refusedAnyway)} more were refused by an enforced check` : '',
  ]
  const said = parts.filter((part) => part !== '').join('; ')
  return [
    `    ${reason}: ${said}`,
    ...(refusal.blocking ? [`      ${meaning}`, `      What to do: ${remedy}`] : []),
    ...(refusal.blocking ? refusal.examples.map(describeExample) : []),
  ]
}

function describeExample(example: JudgedCheck['refusals'][number]['examples'][number]): string {
  const { time, request_id, remote_ip, client_ip, method, path, diagnosis } = example
  const via = client_ip === undefined || client_ip === remote_ip ? '' : ` for ${client_ip}`
  const more = diagnosis === undefined ? '' : `, diagnosis ${diagnosis}`
  return `      e.g. ${time} ${method ?? '-'} ${path ?? '-'} from ${remote_ip ?? '-'}${via}, request ${request_id ?? '-'}${more}`
}

function describeUncounted(rollout: Rollout): string[] {
  if (rollout.source !== 'log') return []
  const { otherLines, requestsBefore } = rollout
  return [
    requestsBefore > 0
      ? `not counted: ${formatCount(requestsBefore)} requests before the log names the checks of their route`
      : '',
    otherLines > 0 ? `skipped: ${formatCount(otherLines)} other lines` : '',
  ].filter((line) => line !== '')
}

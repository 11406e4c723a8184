/** The results as text, each as soon as it is known, or as JSON for programs. */
import { styleText } from 'node:util'

import { describeExpectation, groups, type Outcome, type Result } from './case.ts'
import { bypassCase, bypassExpectation, requestCases } from './cases.ts'

export interface Summary {
  readonly passed: number
  readonly failed: number
  readonly notTested: number
}

function summarize(results: readonly Result[]): Summary {
  const count = (outcome: Outcome) => results.filter((each) => each.outcome === outcome).length
  return { passed: count('passed'), failed: count('failed'), notTested: count('not tested') }
}

const STYLES = { passed: 'green', failed: 'red', 'not tested': 'yellow' } as const

const NAME_COLUMN = 'not tested'.length + 2
const TEXT_COLUMN = NAME_COLUMN + 26

/** Writes results in their groups. Without colors if standard output is not a terminal. */
export class TextReport {
  readonly #write: (line: string) => void
  #group: string | undefined

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  add(result: Result): void {
    if (this.#group !== result.group) this.#write(`\n${groups[result.group]}`)
    this.#group = result.group
    const { outcome, name, sends, detail } = result
    const isPassed = outcome === 'passed'
    const mark = styleText(STYLES[outcome], isPassed ? outcome : outcome.toUpperCase())
    const padding = ' '.repeat(NAME_COLUMN - outcome.length)
    const whole = `${sends}: ${detail}`
    const isOneLine = isPassed && whole.length <= WRAP_AT
    const said = isOneLine ? whole : sends
    this.#write(`${mark}${padding}${name.padEnd(TEXT_COLUMN - NAME_COLUMN)}${said}`)
    if (isOneLine) return
    this.#continue(outcome === 'failed' ? `${detail}; expected: ${result.expected}` : detail)
    if (outcome !== 'failed') return
    this.#continue(result.failure)
    const [first, ...others] = result.requestIds
    if (first === undefined) return
    const more = others.length === 0 ? '' : ` to ${others.at(-1) ?? ''}`
    this.#continue(`In the gateway's log: request id ${first}${more}.`)
  }

  end(results: readonly Result[]): void {
    const { passed, failed, notTested } = summarize(results)
    const counts = `${String(passed)} passed, ${String(failed)} failed, ${String(notTested)} not tested`
    this.#write(`\n${counts}`)
  }

  #continue(text: string): void {
    for (const line of wrap(text)) this.#write(`${' '.repeat(TEXT_COLUMN)}${line}`)
  }
}

/** The rest of 120 columns. */
const WRAP_AT = 120 - TEXT_COLUMN

function wrap(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= WRAP_AT) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

export function listCases(write: (line: string) => void): void {
  const rows = requestCases.map((each) => [each, describeExpectation(each.expects)] as const)
  let group: string | undefined
  for (const [each, expected] of [...rows, [bypassCase, bypassExpectation] as const]) {
    if (group !== each.group)
      write(`${group === undefined ? '' : '\n'}${groups[each.group]} (${each.group})`)
    group = each.group
    write(`  ${each.name.padEnd(26)}${each.sends}: ${expected}`)
  }
}

export function jsonReport(url: string, results: readonly Result[]): string {
  const rows = results.map(({ failure, ...result }) => ({
    ...result,
    ...(result.outcome === 'failed' && { failure }),
  }))
  return JSON.stringify({ url, ...summarize(results), results: rows }, undefined, 2)
}

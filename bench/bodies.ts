/**
 * Function calls of a given length as Inngest's server writes them: RFC 8785, with `ctx` first. The
 * one part that differs from call to call is an id near the end, so that signing the next one takes
 * the same small time however long the body is.
 */
import type { Form } from './cells.ts'

export const ID_CHARACTERS = 32

/** A body without its id: what stands before and behind it. */
export interface Halves {
  readonly before: string
  readonly after: string
}

export interface SplitBody {
  readonly sent: Halves
  /** What the MAC covers: the canonical form of what is sent. */
  readonly signed: Halves
}

const ID_PLACE = '@'.repeat(ID_CHARACTERS)

export function makeBody(bytes: number, form: Form): SplitBody {
  const write = form === 'canonical' ? writeCanonical : writeSpaced
  const length = (steps: number) => Buffer.byteLength(write(call(steps, '')))
  const empty = length(0)
  const steps = Math.max(0, Math.floor((bytes - empty) / (length(1) - empty)))
  const whole = call(steps, 'x'.repeat(Math.max(0, bytes - length(steps))))
  return { sent: split(write(whole)), signed: split(writeCanonical(whole)) }
}

/** Members are in canonical order already, and none is named like an integer. */
function writeCanonical(value: object): string {
  return JSON.stringify(value)
}

function writeSpaced(value: object): string {
  return JSON.stringify(value, undefined, 1).replaceAll('&', '\\u0026')
}

function split(text: string): Halves {
  const at = text.indexOf(ID_PLACE)
  return { before: text.slice(0, at), after: text.slice(at + ID_CHARACTERS) }
}

/** @param padding brings it to its exact length. */
function call(steps: number, padding: string): object {
  const event = {
    data: { amount: 1299.5, html: '<a href="x?a=1&b=2">', lines: [1, 2, 3], name: 'Zoë' },
    id: '01M85C81FVXZA3B8R9DDBG8PAS',
    name: 'order/placed',
    ts: 1795476948475,
    user: {},
  }
  const done = Array.from({ length: steps }, (_, i) => [stepName(i), stepOutput(i)] as const)
  return {
    ctx: {
      attempt: 0,
      disable_immediate_execution: false,
      env: '',
      fn_id: '85fb1953-e46a-51dd-9c27-585df04059ac',
      generation_id: 1,
      job_id: '2e5qet6yz8kn2',
      max_attempts: 5,
      qi_id: 'MmU1cWV0Nnl6OGtuMjo6ZGVmYXVsdA==',
      request_id: '01M85C81YK6VGT08R838HYTGVP',
      run_id: '01M85C81NVJ7KSQSW1MTCWKVP4',
      stack: { current: 0, stack: [] },
      step_id: 'step',
      use_api: false,
    },
    defers: {},
    event,
    events: [event],
    steps: { ...Object.fromEntries(done), zz: { data: { id: ID_PLACE, padding } } },
    use_api: false,
    version: -1,
  }
}

function stepName(index: number): string {
  return `step-${String(100_000 + index)}`
}

function stepOutput(index: number): object {
  return {
    data: {
      city: 'Zürich',
      isPaid: true,
      note: 'left with the neighbour & signed for',
      total: 100_000 + index + 0.25,
      weights: [1, 2.5, 1000],
    },
  }
}

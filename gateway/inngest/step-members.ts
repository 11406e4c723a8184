/**
 * The kind of an object in `steps`, derived from its member names. The body does not state the kind of a step,
 * because the ids are hashes. Inngest's server writes (inngest `executor.go`, `opcode.go`, `pause.go`):
 *
 * - `{"data": …}`: the result of a step, of an invoked function, of `step.fetch`, `step.ai.infer` or a signal;
 * - the event of a `step.waitForEvent`, unchanged;
 * - `{"error": …}`, `{"input": …}`: a step that failed, or whose input was edited in the dashboard.
 */
import { DATA, MARKER, STRATEGY } from './encrypted-value.ts'
import type { JsonCursor } from './json-cursor.ts'

const NAMES = [
  'error',
  'input',
  'id',
  'name',
  'ts',
  'user',
  'v',
  'body',
  'headers',
  'status_code',
  'url',
  'signal',
] as const

type Name = (typeof NAMES)[number]

const KNOWN: readonly Buffer[] = [DATA, MARKER, STRATEGY, ...NAMES.map((name) => Buffer.from(name))]

/** Any other name, and a duplicate of one of these. */
const OTHER = 1 << KNOWN.length

const OF_DATA = 1
const OF_MARKER = 2
const OF_STRATEGY = 4

function bits(...names: readonly Name[]): number {
  return names.reduce((all, name) => all | (8 << NAMES.indexOf(name)), 0)
}

const OF_RESULT = OF_DATA | bits('error', 'input')
const OF_EVENT = OF_DATA | bits('id', 'name', 'ts', 'user', 'v')
const NEEDED_OF_EVENT = OF_DATA | bits('id', 'name', 'ts')
const OF_ENCRYPTED = OF_DATA | OF_MARKER | OF_STRATEGY
const OF_SIGNAL = OF_DATA | bits('signal')
const OF_RESPONSE = bits('body', 'headers', 'status_code', 'url')
const NEEDED_OF_RESPONSE = bits('body', 'status_code')

export type StepKind = 'result' | 'event' | 'encrypted' | 'unknown'

export class StepMembers {
  /** The offset of the value of `data`; -1 if there is none. */
  dataAt = -1
  #names = 0

  /** Takes the value. */
  read(cursor: JsonCursor): void {
    this.dataAt = -1
    this.#names = 0
    if (!cursor.openObject()) {
      this.#names = OTHER
      cursor.skipValue()
      return
    }
    while (cursor.nextMember()) {
      const name = bitOf(cursor)
      if (name === OF_DATA) this.dataAt = cursor.at
      this.#names |= (this.#names & name) === 0 ? name : OTHER
      cursor.skipValue()
    }
  }

  /** The kind of an object in `steps`. Only a wait has members of an event in addition to `data`. */
  get kind(): StepKind {
    if (this.#isOf(OF_RESULT, 0)) return 'result'
    if (this.#isOf(OF_EVENT, NEEDED_OF_EVENT)) return 'event'
    return this.#isOf(OF_ENCRYPTED, OF_MARKER) ? 'encrypted' : 'unknown'
  }

  /** Whether it is the result of a `step.fetch`. */
  get isResponse(): boolean {
    return this.#isOf(OF_RESPONSE, NEEDED_OF_RESPONSE)
  }

  /** Whether it is the result of a `step.waitForSignal`. */
  get isSignal(): boolean {
    return this.#isOf(OF_SIGNAL, OF_SIGNAL)
  }

  #isOf(allowed: number, needed: number): boolean {
    return (this.#names & ~allowed) === 0 && (this.#names & needed) === needed
  }
}

function bitOf(cursor: JsonCursor): number {
  const at = KNOWN.findIndex((name) => cursor.isNamed(name))
  return at === -1 ? OTHER : 1 << at
}

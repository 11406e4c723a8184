/**
 * Whether the parts that the SDKs' encryption middleware encrypts are encrypted in the signed body of a
 * function call: one field of the data of each event, and the result of each step. Every occurrence of a name
 * is checked, so it does not matter which of two members an app reads.
 */
import { bufferOf } from './body.ts'
import { DATA, takeEncrypted, takeUsual } from './encrypted-value.ts'
import { JsonCursor } from './json-cursor.ts'
import { StepMembers } from './step-members.ts'

/**
 * Results for the log and the metric. `use_api`: the app fetches events and steps itself, so they cannot be
 * checked. `unreadable`: no JSON, or more than is read.
 */
export const payloadReadings = [
  'encrypted',
  'use_api',
  'plain_event',
  'plain_step',
  'unreadable',
] as const

export type PayloadReading = (typeof payloadReadings)[number]

/** Results that Inngest itself makes in plaintext, and that can be recognized by their members. */
export const plainSteps = ['fetch', 'signal'] as const

export type PlainStep = (typeof plainSteps)[number]

export interface PayloadRules {
  /** Name of the encrypted member in an event's `data`. */
  readonly eventField: Buffer
  /** The names of encryption services other than Inngest's. */
  readonly strategies: readonly Buffer[]
  readonly plainSteps: ReadonlySet<PlainStep>
}

interface PayloadOptions {
  readonly eventField: string
  readonly strategies: readonly string[]
  readonly plainSteps: readonly PlainStep[]
}

export function payloadRules(options: PayloadOptions): PayloadRules {
  return {
    eventField: Buffer.from(options.eventField),
    strategies: options.strategies.map((name) => Buffer.from(name)),
    plainSteps: new Set(options.plainSteps),
  }
}

const TRUE = Buffer.from('true')
const NULL = Buffer.from('null')

/** The bytes before a step's result, in canonical JSON. */
const RESULT_START = Buffer.from('{"data":')
const RESULT_END = Buffer.from('}')

const EVENT = Buffer.from('event')
const EVENTS = Buffer.from('events')
const STEPS = Buffer.from('steps')
const USE_API = Buffer.from('use_api')
/** The SDK copies members by assignment, which makes this one the prototype, so its members would be read, too. */
const PROTO = Buffer.from('__proto__')

export function readPayload(body: Uint8Array, rules: PayloadRules): PayloadReading {
  return new PayloadReader(body, rules).read()
}

class PayloadReader {
  readonly #cursor: JsonCursor
  readonly #rules: PayloadRules
  readonly #members = new StepMembers()
  #usesApi = false
  /** The offset of the member `event`, once it was read. */
  #knownFrom = 0
  #knownTo = 0
  #plain: 'plain_event' | 'plain_step' | undefined

  constructor(body: Uint8Array, rules: PayloadRules) {
    this.#cursor = new JsonCursor(bufferOf(body))
    this.#rules = rules
  }

  read(): PayloadReading {
    const cursor = this.#cursor
    if (!cursor.openObject()) return 'unreadable'
    while (this.#goesOn() && cursor.nextMember()) this.#takeTopMember()
    if (cursor.isBroken) return 'unreadable'
    if (this.#plain !== undefined) return this.#plain
    if (!cursor.isAtEnd()) return 'unreadable'
    return this.#usesApi ? 'use_api' : 'encrypted'
  }

  #goesOn(): boolean {
    return this.#plain === undefined && !this.#cursor.isBroken
  }

  #takeTopMember(): void {
    const cursor = this.#cursor
    if (cursor.isNamed(EVENT)) this.#takeFirstEvent()
    else if (cursor.isNamed(EVENTS)) this.#takeEvents()
    else if (cursor.isNamed(STEPS)) this.#takeSteps()
    else if (cursor.isNamed(USE_API)) this.#takeUseApi()
    else cursor.skipValue()
  }

  #takeUseApi(): void {
    if (this.#cursor.takeLiteral(TRUE)) this.#usesApi = true
    else this.#cursor.skipValue()
  }

  #takeEvents(): void {
    const cursor = this.#cursor
    if (cursor.takeLiteral(NULL)) return
    if (!cursor.openArray()) {
      this.#giveUp()
      return
    }
    while (this.#goesOn() && cursor.nextElement()) {
      if (!this.#takeKnownEvent()) this.#takeEvent('plain_event')
    }
  }

  #takeFirstEvent(): void {
    const cursor = this.#cursor
    const { at } = cursor
    this.#takeEvent('plain_event')
    this.#knownFrom = at
    this.#knownTo = cursor.at
  }

  /** Inngest sends the first event twice, and comparing bytes takes a hundredth of the time of reading them. */
  #takeKnownEvent(): boolean {
    return this.#knownTo > 0 && this.#cursor.takeSame(this.#knownFrom, this.#knownTo)
  }

  /** @param plain the result if the field is not encrypted. */
  #takeEvent(plain: 'plain_event' | 'plain_step'): void {
    const cursor = this.#cursor
    if (cursor.takeLiteral(NULL)) return
    if (!cursor.openObject()) {
      this.#giveUp()
      return
    }
    while (this.#goesOn() && cursor.nextMember()) {
      if (cursor.isNamed(DATA)) this.#takeEventData(plain)
      else this.#skipMember()
    }
  }

  #takeEventData(plain: 'plain_event' | 'plain_step'): void {
    const cursor = this.#cursor
    if (!cursor.openObject()) {
      cursor.skipValue()
      return
    }
    while (this.#goesOn() && cursor.nextMember()) {
      if (!cursor.isNamed(this.#rules.eventField)) this.#skipMember()
      else if (!this.#takeEncryptedOrNull()) this.#plain = plain
    }
  }

  #skipMember(): void {
    if (this.#cursor.isNamed(PROTO)) this.#giveUp()
    else this.#cursor.skipValue()
  }

  #takeEncryptedOrNull(): boolean {
    const cursor = this.#cursor
    return cursor.takeLiteral(NULL) || takeEncrypted(cursor, this.#rules.strategies)
  }

  #takeSteps(): void {
    const cursor = this.#cursor
    if (cursor.takeLiteral(NULL)) return
    if (!cursor.openObject()) {
      this.#giveUp()
      return
    }
    while (this.#goesOn() && cursor.nextMember()) this.#takeStep()
  }

  /** The record of a step. Its member names come first, because they determine the meaning of `data`. */
  #takeStep(): void {
    const cursor = this.#cursor
    const start = cursor.at
    // Null is the result of a sleep, or of a wait that timed out.
    if (this.#takeUsualResult() || cursor.takeLiteral(NULL)) return
    this.#members.read(cursor)
    if (cursor.isBroken) return
    const end = cursor.at
    const { kind, dataAt } = this.#members
    if (kind === 'unknown') {
      this.#plain = 'plain_step'
      return
    }
    cursor.at = kind === 'encrypted' ? start : dataAt
    if (kind === 'event') this.#takeEventData('plain_step')
    else if (cursor.at !== -1 && !this.#takeResult()) this.#plain = 'plain_step'
    cursor.at = end
  }

  /** A quick test that nearly always suffices. Otherwise the cursor does not move. */
  #takeUsualResult(): boolean {
    const cursor = this.#cursor
    const start = cursor.at
    const isUsual =
      cursor.takeLiteral(RESULT_START) && takeUsual(cursor) && cursor.takeLiteral(RESULT_END)
    if (!isUsual) cursor.at = start
    return isUsual
  }

  /** @returns whether the result is encrypted, or is of a kind that is allowed in plaintext. */
  #takeResult(): boolean {
    const cursor = this.#cursor
    const { at } = cursor
    if (this.#takeEncryptedOrNull()) return true
    const { plainSteps: allowed } = this.#rules
    if (allowed.size === 0 || cursor.isBroken) return false
    cursor.at = at
    this.#members.read(cursor)
    const { isSignal, isResponse } = this.#members
    return (isSignal && allowed.has('signal')) || (isResponse && allowed.has('fetch'))
  }

  #giveUp(): void {
    this.#cursor.isBroken = true
  }
}

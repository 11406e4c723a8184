/**
 * The ids in a function call's signed body that unsigned headers and parameters repeat.
 *
 * The usual body (canonical JSON, as Inngest's server writes it) is recognized by its first and last
 * bytes and never parsed as a whole: it may have ten megabytes. Any other body has to be brought into
 * canonical form first, which refuses duplicate members, so that no SDK reads another id than this one.
 */
import type { Body } from '../body.ts'
import { objectMembers } from './canonical-members.ts'

export interface SignedCall {
  /** Each is undefined if the body has no such member, or one of another type. */
  readonly runId: string | undefined
  readonly requestId: string | undefined
  readonly jobId: string | undefined
  /** `ctx.fn_id`: the server's id of the function, where `?fnId` is the app's. */
  readonly functionId: string | undefined
  /** `ctx.qi_id`: the queue item of servers from 1.13.5. */
  readonly queueItemId: string | undefined
  /** Decimal text. */
  readonly generationId: string | undefined
  readonly version: string | undefined
}

/** Names in the signed body to names here. */
const MEMBERS = new Map<string, keyof SignedCall>([
  ['run_id', 'runId'],
  ['request_id', 'requestId'],
  ['job_id', 'jobId'],
  ['fn_id', 'functionId'],
  ['qi_id', 'queueItemId'],
  ['generation_id', 'generationId'],
])

const NUMBERS: ReadonlySet<keyof SignedCall> = new Set(['generationId', 'version'])

type Found = { -readonly [Name in keyof SignedCall]: SignedCall[Name] }

const NONE: SignedCall = {
  runId: undefined,
  requestId: undefined,
  jobId: undefined,
  functionId: undefined,
  queueItemId: undefined,
  generationId: undefined,
  version: undefined,
}

const START = '{"ctx":{'

/** The longest recorded `ctx` had 420 bytes; one with a long stack of steps takes the second look. */
const LOOKS_BYTES = [1024, 65_536]

/** A string without escapes, a number or a word, or the stack of step ids: the third group ends it. */
const MEMBER =
  /"([A-Za-z_]+)":("[^"\\]*"|-?\d+|true|false|null|\{"current":-?\d+,"stack":(?:null|\[(?:"[^"\\]*"(?:,"[^"\\]*")*)?\])\})([,}])/y

/** Fifteen digits are exact as a double. */
const END = /,"version":(-?\d{1,15})\}$/

const END_BYTES = 32

/** @returns undefined if the body does not have the usual shape, which says nothing about what it is. */
export function readUsualCall(signed: Body): SignedCall | undefined {
  const version = END.exec(signed.endText(END_BYTES))?.[1]
  if (version === undefined) return undefined
  for (const bytes of LOOKS_BYTES) {
    const text = signed.startText(bytes)
    if (!text.startsWith(START)) return undefined
    const call: Found = { ...NONE, version }
    const end = readContext(text, call)
    if (end !== undefined) return mayRepeatContext(signed, end) ? undefined : call
    if (text.length < bytes) return undefined
  }
  return undefined
}

/** @returns where `ctx` ends; undefined if it is cut off, unusual or names one id twice. */
function readContext(text: string, call: Found): number | undefined {
  MEMBER.lastIndex = START.length
  for (;;) {
    const [, name = '', value = '', next] = MEMBER.exec(text) ?? []
    if (next === undefined) return undefined
    const known = MEMBERS.get(name)
    if (known !== undefined) {
      if (call[known] !== undefined) return undefined
      call[known] = scalarOf(known, value)
    }
    if (next === '}') return MEMBER.lastIndex
  }
}

/** @param value has no escapes. Bytes outside ASCII stay as they are: no header that is compared has any. */
function scalarOf(name: keyof SignedCall, value: string): string | undefined {
  if (NUMBERS.has(name)) return /^[-\d]/.test(value) ? value : undefined
  return value.startsWith('"') ? value.slice(1, -1) : undefined
}

const CONTEXT_NAME = Buffer.from('"ctx"')
const ESCAPE = Buffer.from('\\u00')

/**
 * Whether a second `ctx` may follow, which JSON parsers would read in place of the first one. A name
 * that follows `{` is of an inner object; any other, or one that escapes may hide, has to be parsed.
 */
function mayRepeatContext(signed: Body, from: number): boolean {
  return (
    signed.someOccurrence(CONTEXT_NAME, from, (before) => before !== '{') ||
    // Canonical JSON escapes no more than the control characters: \u0000 to \u001f.
    signed.someOccurrence(ESCAPE, from, (_before, after) => after !== '0' && after !== '1')
  )
}

/**
 * @param canonical what `canonicalizeJson` returned.
 * @returns undefined if it is no object with an object `ctx`.
 */
export function readCanonicalCall(canonical: Uint8Array): SignedCall | undefined {
  const call: Found = { ...NONE }
  const body = objectMembers(canonical, 0)
  const context = body?.get('ctx')
  const members = context === undefined ? undefined : objectMembers(canonical, context.start)
  if (body === undefined || members === undefined) return undefined
  for (const [name, known] of MEMBERS) call[known] = members.get(name)?.scalar(typeOf(known))
  call.version = body.get('version')?.scalar('number')
  return call
}

function typeOf(name: keyof SignedCall): 'string' | 'number' {
  return NUMBERS.has(name) ? 'number' : 'string'
}

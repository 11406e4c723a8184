/**
 * The ids in a function call's signed body that unsigned headers and parameters repeat.
 *
 * The usual body (canonical JSON, as Inngest's server writes it) is recognized by its first and last
 * bytes and never parsed as a whole: it may have ten megabytes. Any other body has to be brought into
 * canonical form first, which refuses duplicate members, so that no SDK reads another id than this one.
 */
import { Body } from './body.ts'
import { memberText } from './jcs/canonical-member.ts'

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

/** Names in the signed body to names here, in canonical order. */
const MEMBERS = [
  ['fn_id', 'functionId'],
  ['generation_id', 'generationId'],
  ['job_id', 'jobId'],
  ['qi_id', 'queueItemId'],
  ['request_id', 'requestId'],
  ['run_id', 'runId'],
] as const

const NUMBERS: ReadonlySet<keyof SignedCall> = new Set(['generationId', 'version'])

/** The longest recorded `ctx` had 420 bytes; one with a long stack of steps takes the second look. */
const LOOKS_BYTES = [1024, 65_536]

const STRING = String.raw`"[^"\\]*"`
const STACK = String.raw`\{"current":-?\d+,"stack":(?:null|\[(?:${STRING}(?:,${STRING})*)?\])\}`
const OTHER = `"(?!(?:${MEMBERS.map(([name]) => name).join('|')})")[A-Za-z_]+":(?:${STRING}|-?\\d+|true|false|null|${STACK})`

/**
 * A usual `ctx`: members without escapes, each id at most once and in canonical order. The other members
 * in front of an id belong to its group, so that an id which is missing costs one look and no more.
 */
const CONTEXT = new RegExp(
  String.raw`^\{"ctx":\{` +
    String.raw`(?:(?:${OTHER},)*"fn_id":"([^"\\]*)",)?` +
    String.raw`(?:(?:${OTHER},)*"generation_id":(-?\d+),)?` +
    String.raw`(?:(?:${OTHER},)*"job_id":"([^"\\]*)",)?` +
    String.raw`(?:(?:${OTHER},)*"qi_id":"([^"\\]*)",)?` +
    String.raw`(?:(?:${OTHER},)*"request_id":"([^"\\]*)",)?` +
    String.raw`(?:${OTHER},)*"run_id":"([^"\\]*)"(?:,${OTHER})*\}`,
)

/** Fifteen digits are exact as a double. */
const END = /,"version":(-?\d{1,15})\}$/

const END_BYTES = 32

/** @returns undefined if the body does not have the usual shape, which says nothing about what it is. */
export function readUsualCall(signed: Body): SignedCall | undefined {
  const version = END.exec(signed.endText(END_BYTES))?.[1]
  if (version === undefined) return undefined
  for (const bytes of LOOKS_BYTES) {
    const text = signed.startText(bytes)
    const found = CONTEXT.exec(text)
    if (found !== null) {
      const [context, functionId, generationId, jobId, queueItemId, requestId, runId] = found
      if (mayRepeatContext(signed, context.length)) return undefined
      return { runId, requestId, jobId, functionId, queueItemId, generationId, version }
    }
    if (text.length < bytes) return undefined
  }
  return undefined
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
 * @returns undefined if it is no object with an object `ctx`, or one that is beyond reach.
 */
export function readCanonicalCall(canonical: Uint8Array): SignedCall | undefined {
  const found = new Map<string, string | undefined>()
  for (const [name, known] of MEMBERS) {
    const member = memberText(canonical, ['ctx', name])
    if (member === 'unknown') return undefined
    found.set(known, valueOf(known, member.text))
  }
  return {
    runId: found.get('runId'),
    requestId: found.get('requestId'),
    jobId: found.get('jobId'),
    functionId: found.get('functionId'),
    queueItemId: found.get('queueItemId'),
    generationId: found.get('generationId'),
    version: END.exec(Body.of(canonical).endText(END_BYTES))?.[1],
  }
}

/** @param json the text of a member in canonical JSON. */
function valueOf(name: keyof SignedCall, json: string | undefined): string | undefined {
  if (json === undefined) return undefined
  if (NUMBERS.has(name)) return /^-?\d+$/.test(json) ? json : undefined
  return json.startsWith('"') ? (JSON.parse(json) as string) : undefined
}

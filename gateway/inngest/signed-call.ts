/**
 * The ids in a function call's signed body that unsigned headers and parameters repeat.
 *
 * The usual body (canonical JSON, as Inngest's server writes it) is recognized by its first and last bytes and
 * never parsed in full: it may have ten megabytes. Any other body has to be canonicalized first, which rejects
 * duplicate members, so that no SDK reads another id than this one.
 */
import { lacksContextAndVersion } from './absent-names.ts'
import { Body, bufferOf } from './body.ts'
import { memberText } from './jcs/canonical-member.ts'
import { KnownNames, OTHER_SPELLING } from './known-names.ts'
import { endOfContext, everyName, type NameBytes, type NameOwner } from './member-names.ts'

export interface SignedCall {
  /** Each is undefined if the body has no such member, or one of another type. */
  readonly runId: string | undefined
  readonly requestId: string | undefined
  readonly jobId: string | undefined
  /** `ctx.fn_id`: the server's id of the function. `?fnId` is the app's id. */
  readonly functionId: string | undefined
  /** `ctx.qi_id`: the queue item of servers from 1.13.5. */
  readonly queueItemId: string | undefined
  /** Decimal text. */
  readonly generationId: string | undefined
  readonly version: string | undefined
}

/** From names in the signed body to names here, in canonical order. */
const MEMBERS = [
  ['fn_id', 'functionId'],
  ['generation_id', 'generationId'],
  ['job_id', 'jobId'],
  ['qi_id', 'queueItemId'],
  ['request_id', 'requestId'],
  ['run_id', 'runId'],
] as const

const NUMBERS: ReadonlySet<keyof SignedCall> = new Set(['generationId', 'version'])

/** The longest recorded `ctx` had 420 bytes. The second size is for long ids. */
const LOOKS_BYTES = [1024, 65_536]

/** Printable ASCII without escapes, which every parser reads alike. */
const TEXT = String.raw`[ !#-\[\]-~]*`
const NUMBER = String.raw`(?:0|-?[1-9]\d{0,14})`
const OTHER = String.raw`"(?!(?:${MEMBERS.map(([name]) => name).join('|')})")[a-z_]+":(?:"[^"\\]*"|-?\d+|true|false|null)`

/**
 * A usual `ctx` up to its `run_id`: members without escapes and in lower case, each id at most once and in
 * canonical order. The long `stack` of a run with many steps follows after it. The other members before an id
 * belong to its group, so that a missing id costs one attempt only.
 */
const CONTEXT = new RegExp(
  String.raw`^\{"ctx":\{` +
    `(?:(?:${OTHER},)*"fn_id":"(${TEXT})",)?` +
    `(?:(?:${OTHER},)*"generation_id":(${NUMBER}),)?` +
    `(?:(?:${OTHER},)*"job_id":"(${TEXT})",)?` +
    `(?:(?:${OTHER},)*"qi_id":"(${TEXT})",)?` +
    `(?:(?:${OTHER},)*"request_id":"(${TEXT})",)?` +
    `(?:${OTHER},)*"run_id":"(${TEXT})"(?=[,}])`,
)

/** Fifteen digits are exact as a double. */
const END = new RegExp(String.raw`,"version":(${NUMBER})\}$`)

/** The text after the name, wherever the member is. */
const VERSION = new RegExp(`^":(${NUMBER})[,}]`)

const END_BYTES = 32

/** @returns undefined if the body does not have the usual form. It may still be a call. */
export function readUsualCall(signed: Body): SignedCall | undefined {
  const [end, version] = END.exec(signed.endText(END_BYTES)) ?? []
  if (end === undefined || version === undefined) return undefined
  for (const bytes of LOOKS_BYTES) {
    const text = signed.startText(bytes)
    const found = CONTEXT.exec(text)
    if (found !== null) {
      const [context, functionId, generationId, jobId, queueItemId, requestId, runId] = found
      if (!isReadOneWay(signed, context.length, end.length)) return undefined
      return { runId, requestId, jobId, functionId, queueItemId, generationId, version }
    }
    if (text.length < bytes) return undefined
  }
  return undefined
}

/** The names of the members that are read here, by their object. */
const KNOWN: Readonly<Record<NameOwner, KnownNames>> = {
  body: new KnownNames(['ctx', 'version']),
  ctx: new KnownNames(MEMBERS.map(([name]) => name)),
}

/** For shorter bodies, the pass over the names is as fast as the searches of a proof. */
const LEAST_PROOF_BYTES = 512

/**
 * Whether none of the names after the ids repeats one of theirs, in any letter case or with escapes: JSON
 * parsers differ in which of two members they use, and Go's `encoding/json` accepts any case of the name.
 * @param start offset after the last id.
 * @param endLength of `version` at the end, in bytes.
 */
function isReadOneWay(signed: Body, start: number, endLength: number): boolean {
  const end = signed.byteLength - endLength
  if (end - start >= LEAST_PROOF_BYTES && isSurelyReadOneWay(signed, start, end)) return true
  let versions = 0
  return everyName(signed, start, (name, owner) => {
    const known = KNOWN[owner].find(name)
    if (known === undefined) return true
    versions += 1
    return known === 'version' && versions === 1
  })
}

/**
 * The same without reading most bytes of a long body. The proof holds for JSON. A body that is no JSON is
 * refused by the app's parser, and does not repeat any of these names for any parser either.
 */
function isSurelyReadOneWay(signed: Body, start: number, end: number): boolean {
  const isNoId = (name: NameBytes) => KNOWN.ctx.find(name) === undefined
  const contextEnd = endOfContext(signed, start, isNoId)
  return contextEnd !== -1 && lacksContextAndVersion(signed, contextEnd, end)
}

/**
 * @param canonical the result of `canonicalizeJson`.
 * @returns undefined if it is no object with an object `ctx` within reach, or if a name that matters has
 * another spelling.
 */
export function readCanonicalCall(canonical: Uint8Array): SignedCall | undefined {
  let versionAt = canonical.byteLength
  const isFine = (name: NameBytes, owner: NameOwner) => {
    const known = KNOWN[owner].find(name)
    if (known === 'version') versionAt = name.to
    return known !== OTHER_SPELLING
  }
  if (!everyName(Body.of(canonical), 0, isFine)) return undefined
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
    version: versionOf(canonical, versionAt),
  }
}

/** @param nameEnd offset of the closing quote of `version`. */
function versionOf(canonical: Uint8Array, nameEnd: number): string | undefined {
  const text = bufferOf(canonical).toString('latin1', nameEnd, nameEnd + END_BYTES)
  return VERSION.exec(text)?.[1]
}

/** @param json the text of a member in canonical JSON. */
function valueOf(name: keyof SignedCall, json: string | undefined): string | undefined {
  if (json === undefined) return undefined
  if (NUMBERS.has(name)) return /^-?\d+$/.test(json) ? json : undefined
  return json.startsWith('"') ? (JSON.parse(json) as string) : undefined
}

/** `explain`: the trace of one request through the checks, as in a running gateway. */
import { readFileSync } from 'node:fs'

import { admit } from '../admit/admit.ts'
import { isSigning, type Policy, type RoutePolicy } from '../admit/policy.ts'
import { Body } from '../inngest/body.ts'
import { parsePeerAddress } from '../ip/address.ts'
import { announcesBody, fieldValues, isUpgrade, type RequestHead } from '../admit/request-head.ts'
import { allowPublished, type Settings } from '../config/compile.ts'
import { didYouMean } from '../config/nearest.ts'
import { whyUnreadable } from '../config/read/read-file.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { DiagnosisBudget } from '../diagnosis/budget.ts'
import { diagnose } from '../diagnosis/diagnose.ts'
import { Facts } from '../admit/facts.ts'
import { canonicalizeJson } from '../inngest/jcs/canonical-json.ts'
import type { Effects, FunctionPairs } from '../admit/context.ts'
import { pass, refuse } from '../admit/verdict.ts'
import { describeWay } from './trace-report.ts'
import { explainLogLine } from './explain-log-line.ts'
import { startingRanges } from './resolve-ranges.ts'
import { readSettingsOrExplain, type SettingsOptions } from './settings.ts'
import { messageOf, printError, printText } from './print.ts'

export interface ExplainOptions extends SettingsOptions {
  /** A file with a line of the log; `-` is standard input. */
  readonly log?: string
  /** Peer of the connection. */
  readonly from?: string
  readonly method: string
  /** Name of the route whose path and host are the default. */
  readonly route?: string
  readonly target?: string
  /** `Name: value`, in order. */
  readonly header: readonly string[]
  readonly body?: string
  /** Unix seconds of the clock; default is now. */
  readonly at?: string
}

/** @returns 0 if the request would be admitted, 1 if not, 2 if it could not be checked. */
export async function explain(
  options: ExplainOptions,
  env: Environment,
  nowMs: number,
): Promise<number> {
  const reading = readSettingsOrExplain(options, env)
  if (reading === undefined) return 2
  const published = await startingRanges(reading.settings)
  const settings = allowPublished(reading.settings, published?.ranges ?? [])
  try {
    if (options.log !== undefined) return explainLogLine(read('--log', options.log), settings)
    if (options.from === undefined) throw new Error('give --from ADDRESS, or --log FILE')
    return await explainRequest(options, options.from, settings, nowMs)
  } catch (error) {
    printError(messageOf(error))
    return 2
  }
}

async function explainRequest(
  options: ExplainOptions,
  from: string,
  settings: Settings,
  nowMs: number,
): Promise<number> {
  if (parsePeerAddress(from) === undefined) {
    throw new Error(`--from: expected an IPv4 or IPv6 address, found ${JSON.stringify(from)}`)
  }
  const body = options.body === undefined ? Buffer.alloc(0) : read('--body', options.body)
  const head = headOf(options, from, body, settings)
  const atMs = options.at === undefined ? nowMs : Number(options.at) * 1000
  if (!Number.isFinite(atMs))
    throw new Error(`--at: expected Unix seconds, found ${String(options.at)}`)
  const facts = new Facts()
  const effects = effectsOf(body, atMs, settings)
  const verdict = await admit({
    head,
    policy: settings.policy,
    delivery: 'inline',
    effects,
    facts,
  })
  const refusal = verdict.ok ? undefined : verdict.reason
  const diagnosis = diagnose(head, facts, refusal, new DiagnosisBudget(), 0)
  printText(describeWay({ head, facts, refusal, diagnosis, settings }))
  return verdict.ok ? 0 : 1
}

function headOf(
  options: ExplainOptions,
  from: string,
  body: Buffer,
  { policy }: Settings,
): RequestHead {
  const fields = options.header.map(parseField)
  const route = routeOf(options.route, policy)
  const hasHost = fields.some(([name]) => name.toLowerCase() === 'host')
  const host = hasHost ? [] : ['Host', route?.host ?? 'localhost']
  const rawHeaders = [...host, ...fields.flat()]
  if (body.byteLength > 0 && !announcesBody(rawHeaders)) {
    rawHeaders.push('Content-Length', String(body.byteLength))
  }
  return {
    method: options.method.toUpperCase(),
    target: options.target ?? route?.path ?? '/',
    httpVersion: '1.1',
    rawHeaders,
    isUpgrade: isUpgrade(rawHeaders, connectionOf(rawHeaders)),
    connection: { remoteAddress: from, isEncrypted: false, proxied: undefined },
  }
}

/** @throws if there is no route with that name. */
function routeOf(name: string | undefined, { routes }: Policy): RoutePolicy | undefined {
  if (name === undefined)
    return routes.find(({ kind }) => kind === 'inngest') ?? routes.find(isSigning)
  const route = routes.find((each) => each.name === name)
  if (route !== undefined) return route
  const names = routes.map((each) => each.name)
  const meant = didYouMean(name, names)
  throw new Error(
    `--route: expected one of ${names.join(', ')}, found ${JSON.stringify(name)}${meant}`,
  )
}

/** Elements of `Connection`, in lower case. */
function connectionOf(rawHeaders: readonly string[]): string[] {
  const elements = fieldValues(rawHeaders, 'connection').flatMap((value) => value.split(','))
  return elements.map((element) => element.trim().toLowerCase())
}

function parseField(line: string): [string, string] {
  const colon = line.indexOf(':')
  if (colon < 1) throw new Error(`--header: expected "Name: value", found ${JSON.stringify(line)}`)
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}

/** The pairs that the running gateway has learned are not available here either. */
const NO_PAIRS: FunctionPairs = {
  recall: () => undefined,
  find: () => Promise.resolve(undefined),
  learn: () => Promise.resolve(),
}

/** The replay cache of the running gateway is not available here. */
function effectsOf(body: Buffer, atMs: number, { policy }: Settings): Effects {
  const isTooLarge = body.byteLength > policy.limits.maxBodyBytes
  return {
    nowMs: () => atMs,
    enter: () => pass(undefined),
    canonicalize: (bytes) => Promise.resolve(pass(canonicalizeJson(bytes))),
    canonicalizeToRead: (bytes) => Promise.resolve(pass(canonicalizeJson(bytes))),
    readBody: () => Promise.resolve(isTooLarge ? refuse('body_too_large') : pass(Body.of(body))),
    claim: () => Promise.resolve('claimed'),
    pairs: NO_PAIRS,
  }
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new Error(`${option}: ${whyUnreadable(error)}: ${file}`, { cause: error })
  }
}

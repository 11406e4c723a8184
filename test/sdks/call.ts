/**
 * A function call as Inngest's server sends it: `pkg/execution/driver/request.go` and
 * `httpdriver/httpdriver.go` of inngest/inngest 1.43, and test/vectors/recorded.
 */
import { createHash } from 'node:crypto'

import canonicalize from 'canonicalize'

import { signatureHeader } from '../support/sender.ts'
import { keys } from './keys.ts'

/** The name under which Inngest knows the app; the gateway's `serveOrigin` is https with it. */
export const HOST = 'sdk-app.example.com'

export const PATH = '/api/inngest'

export interface Request {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Call {
  /** Id of the function within the app. */
  readonly functionId: string
  readonly data?: unknown
  /** What the steps returned so far, by the ids that the SDK gave them, in their order. */
  readonly steps?: ReadonlyMap<string, unknown>
  /** The step that is called; by default the SDK finds out what comes next. */
  readonly stepId?: string
  /** That of the SDK's last response; -1 until there is one. */
  readonly version?: number
  readonly path?: string
  /** Of the run; distinct calls need distinct ones. */
  readonly run?: string
}

let serial = 0

/** A fresh ULID: ten characters of time, sixteen of a number. */
export function nextUlid(): string {
  serial += 1
  return `01M85C81NV${String(serial).padStart(16, '0')}`
}

/** The server's own id of a function, which is one to one with that of the app. */
function uuidOf(functionId: string): string {
  const hex = createHash('sha256').update(functionId).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-')
}

/** A canonical body (RFC 8785), as `MarshalV1` makes it. */
export function canonical(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new Error('there is no canonical form')
  return text
}

function callBody(call: Call) {
  const {
    functionId,
    data = {},
    steps = new Map<string, unknown>(),
    version = -1,
    run = nextUlid(),
  } = call
  const event = { data, id: run, name: `test/${functionId}`, ts: 1795476948475, user: {} }
  const jobId = `job${run.slice(-8)}${call.stepId ?? ''}`.slice(0, 20)
  return {
    ctx: {
      attempt: 0,
      disable_immediate_execution: false,
      env: '',
      fn_id: uuidOf(functionId),
      generation_id: 1,
      job_id: jobId,
      max_attempts: 4,
      qi_id: Buffer.from(`${jobId}::default`).toString('base64'),
      request_id: nextUlid(),
      run_id: run,
      stack: { current: steps.size, stack: [...steps.keys()] },
      step_id: 'step',
      use_api: false,
    },
    defers: {},
    event,
    events: [event],
    steps: Object.fromEntries([...steps].map(([id, result]) => [id, { data: result }])),
    use_api: false,
    version,
  }
}

/** @param ctx members in place of those that the server would send; undefined leaves one out. */
export function callRequest(
  call: Call,
  key: string = keys.current,
  ctx: Readonly<Record<string, unknown>> = {},
): Request {
  const { functionId, stepId = 'step', version = -1, path = PATH } = call
  const value = callBody(call)
  const body = canonical({ ...value, ctx: { ...value.ctx, ...ctx } })
  return {
    method: 'POST',
    target: `${path}?fnId=sdk-app-${functionId}&stepId=${stepId}`,
    headers: {
      Host: HOST,
      'User-Agent': 'Inngest',
      Connection: 'close',
      'Account-Id': '00000000-0000-4000-a000-000000000000',
      'Content-Type': 'application/json',
      'X-Inngest-Generation-Id': '1',
      'X-Inngest-Job-Id': value.ctx.job_id,
      'X-Inngest-Req-Version': String(version),
      'X-Inngest-Signature': sign(body, key),
      'X-Inngest-Step-Id': stepId,
      'X-Request-Id': value.ctx.request_id,
      'X-Run-Id': value.ctx.run_id,
      'Accept-Encoding': 'gzip',
    },
    body,
  }
}

export function sign(body: string, key: string = keys.current, ageSeconds = 0): string {
  return signatureHeader(key, body, Math.floor(Date.now() / 1000) - ageSeconds)
}

/** A sync ping, or an introspection if there is no body. */
export function otherRequest(
  method: string,
  target: string,
  body: string,
  more: Readonly<Record<string, string>> = {},
): Request {
  return {
    method,
    target,
    headers: {
      Host: HOST,
      'User-Agent': 'Go-http-client/1.1',
      Connection: 'close',
      ...(body !== '' && { 'Content-Type': 'application/json' }),
      'X-Inngest-Server-Kind': 'cloud',
      'X-Inngest-Signature': sign(body),
      'Accept-Encoding': 'gzip',
      ...more,
    },
    body,
  }
}

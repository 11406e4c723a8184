/** A run of a function in the model of Inngest's server (server.ts), and the call that is sent for it. */
import { randomUUID } from 'node:crypto'

import canonicalize from 'canonicalize'

import { send, signatureHeader } from '../../support/sender.ts'

/** As the app registers it. */
export interface RegisteredFunction {
  readonly id: string
  readonly triggers: readonly { readonly event?: string; readonly expression?: string }[]
  readonly batchEvents?: { readonly maxSize: number; readonly timeout: string }
  readonly steps: { readonly step: { readonly runtime: { readonly url: string } } }
}

export interface SentEvent {
  readonly id: string
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
  readonly ts: number
}

export interface Run {
  readonly id: string
  readonly fn: RegisteredFunction
  readonly events: readonly SentEvent[]
  readonly steps: Record<string, unknown>
  status: 'Running' | 'Completed' | 'Failed'
  /** Parallel steps that have no result. */
  readonly pending: Set<string>
  readonly onEnd: (result: unknown) => void
}

/** What the app reports: the members that the model reads. */
export interface Operation {
  readonly id: string
  readonly op: string
  readonly name?: string
  readonly data?: unknown
  readonly error?: unknown
  readonly opts?: {
    readonly timeout?: string
    readonly function_id?: string
    readonly payload?: { readonly data?: Readonly<Record<string, unknown>> }
  }
}

export interface AppResponse {
  readonly status: number
  readonly body: string
  readonly mayRetry: boolean
}

/** More than this is left out of a call: the SDK fetches it (`MaxSDKRequestBodySize`). */
const MAX_BODY = 4 * 1024 * 1024

/** Ids of one function are the same in each call. */
const functionUuids = new Map<string, string>()

function uuidOf(id: string): string {
  const uuid = functionUuids.get(id) ?? randomUUID()
  functionUuids.set(id, uuid)
  return uuid
}

export async function callApp(
  run: Run,
  stepId: string,
  attempt: number,
  { signingKey, repeats }: { readonly signingKey: string; readonly repeats: boolean },
): Promise<AppResponse> {
  const ids = { request: randomUUID(), job: randomUUID() }
  const whole = bodyOf(run, stepId, attempt, ids, false)
  const body = whole.length < MAX_BODY ? whole : bodyOf(run, stepId, attempt, ids, true)
  const url = new URL(run.fn.steps.step.runtime.url)
  url.searchParams.set('stepId', stepId)
  const request = {
    port: Number(url.port),
    target: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      'content-type': 'application/json',
      'x-inngest-signature': signatureHeader(signingKey, body, Math.floor(Date.now() / 1000)),
      'x-run-id': run.id,
      'x-request-id': ids.request,
      'x-inngest-job-id': ids.job,
      'x-inngest-step-id': stepId,
      'x-inngest-req-version': '2',
    },
    body,
  }
  const { status, headers, body: text } = await send(request)
  if (repeats) await send(request)
  const mayRetry = headers['x-inngest-no-retry'] !== 'true'
  // The app streams: spaces, and in the end status and body (`parse.go`).
  if (status !== 201) return { status, body: text, mayRetry }
  return { mayRetry, ...(JSON.parse(text) as { status: number; body: string }) }
}

function bodyOf(
  run: Run,
  stepId: string,
  attempt: number,
  ids: { readonly request: string; readonly job: string },
  useApi: boolean,
): string {
  const stack = Object.keys(run.steps)
  const ctx = {
    attempt,
    disable_immediate_execution: stepId !== 'step',
    env: '',
    fn_id: uuidOf(run.fn.id),
    job_id: ids.job,
    max_attempts: 4,
    qi_id: Buffer.from(`${ids.job}::`).toString('base64'),
    request_id: ids.request,
    run_id: run.id,
    stack: { current: stack.length, stack },
    step_id: 'step',
    use_api: useApi,
  }
  const events = useApi ? [] : run.events
  const steps = useApi ? {} : run.steps
  const call = { ctx, event: run.events[0], events, steps, use_api: useApi, version: 2 }
  return canonicalize(call) ?? ''
}

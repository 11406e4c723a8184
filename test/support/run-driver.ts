/**
 * Calls a function until its run ends, like Inngest's server: the app's reports of its steps become `steps` of
 * the next call, in the forms that the server stores (inngest `opcode.go`, `pause.go`).
 */
import { canonicalizeJson } from '../../gateway/inngest/jcs/canonical-json.ts'
import { send, signatureHeader, type Answer } from './sender.ts'

interface Operation {
  readonly id: string
  readonly op: string
  readonly data?: unknown
  readonly error?: unknown
}

export interface RunOptions {
  readonly port: number
  readonly signingKey: string
  /** Unix seconds. */
  readonly nowSeconds: number
  readonly event: unknown
  /** The result of a `step.waitForEvent`. */
  readonly awaited: unknown
  readonly useApi?: boolean
}

export interface Run {
  readonly answers: readonly Answer[]
  /** Bodies of the calls. */
  readonly bodies: readonly string[]
}

const MOST_CALLS = 30

export async function driveRun(options: RunOptions): Promise<Run> {
  const steps: Record<string, unknown> = {}
  const answers: Answer[] = []
  const bodies: string[] = []
  let planned: string[] = ['step']
  while (planned.length > 0 && answers.length < MOST_CALLS) {
    const stepId = planned.shift() ?? 'step'
    const body = callBody(options, steps)
    bodies.push(body)
    const signature = signatureHeader(options.signingKey, body, options.nowSeconds)
    const answer = await send({
      port: options.port,
      target: `/api/inngest?fnId=shop-hello&stepId=${stepId}`,
      headers: { 'content-type': 'application/json', 'x-inngest-signature': signature },
      body,
    })
    answers.push(answer)
    if (answer.status !== 206) break
    const reported = JSON.parse(answer.body) as Operation[]
    const plans = reported.filter(({ op }) => op === 'StepPlanned').map(({ id }) => id)
    for (const operation of reported) {
      if (operation.op !== 'StepPlanned') steps[operation.id] = stateOf(operation, options)
    }
    planned = [...planned, ...plans]
    if (planned.length === 0) planned = ['step']
  }
  return { answers, bodies }
}

function stateOf({ op, data, error }: Operation, { awaited }: RunOptions): unknown {
  switch (op) {
    case 'Sleep':
      return null
    case 'WaitForEvent':
      return awaited
    case 'StepError':
    case 'StepFailed':
      return { error }
    case 'StepRun':
      return { data: data ?? null }
    default:
      return data
  }
}

let requests = 0

/** Canonical, as Inngest's server sends it. */
function callBody({ event, useApi = false }: RunOptions, steps: object): string {
  requests += 1
  const call = {
    ctx: {
      attempt: 0,
      disable_immediate_execution: false,
      env: '',
      fn_id: '85fb1953-e46a-51dd-9c27-585df04059ac',
      qi_id: '',
      request_id: `request-${String(requests)}`,
      run_id: '01M85C81NVJ7KSQSW1MTCWKVP4',
      stack: { current: Object.keys(steps).length, stack: Object.keys(steps) },
      step_id: 'step',
      use_api: useApi,
    },
    event,
    events: useApi ? [] : [event],
    steps,
    use_api: useApi,
    version: 2,
  }
  const canonical = canonicalizeJson(Buffer.from(JSON.stringify(call)))
  if (canonical === undefined) throw new Error('a call has no canonical form')
  return Buffer.from(canonical).toString()
}

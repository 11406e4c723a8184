/**
 * A run of a function, as Inngest's executor drives it: call after call, until the function has ended. Left out:
 * times (a sleep ends at once), retries, and every operation that no app here reports.
 */
import { callRequest, nextUlid, type Call } from './call.ts'
import type { Response, Send } from './exchange.ts'

interface Operation {
  readonly id: string
  readonly op: string
  readonly data?: unknown
}

const MOST_CALLS = 8

/** @returns every response, in order. */
export async function runFunction(
  send: Send,
  call: Call,
  key?: string,
): Promise<readonly Response[]> {
  const run = nextUlid()
  const steps = new Map<string, unknown>()
  const responses: Response[] = []
  let next: Call | undefined = { ...call, run, steps }
  while (next !== undefined && responses.length < MOST_CALLS) {
    const response = await send(callRequest(next, key))
    responses.push(response)
    const operations = operationsOf(response)
    const planned = operations.filter(({ op }) => op === 'StepPlanned')
    for (const { id, op, data } of operations) {
      if (op === 'Step' || op === 'StepRun') steps.set(id, data ?? null)
    }
    const isOver = operations.length === 0 || operations.some(({ op }) => op === 'RunComplete')
    const version = Number(unwrap(response).headers['x-inngest-req-version'] ?? -1)
    const stepId = planned[0]?.id
    next = isOver
      ? undefined
      : { ...call, run, steps, version, ...(stepId !== undefined && { stepId }) }
  }
  return responses
}

/** What the SDK wants done; nothing if the function has ended. */
function operationsOf(response: Response): readonly Operation[] {
  const { status, body } = unwrap(response)
  return status === 206 ? [JSON.parse(body) as Operation | Operation[]].flat() : []
}

/** The result of a run: what the last response says that the function returned. */
export function resultOf(responses: readonly Response[]): unknown {
  const last = responses.at(-1)
  if (last === undefined) return undefined
  const complete = operationsOf(last).find(({ op }) => op === 'RunComplete')
  if (complete !== undefined) return complete.data ?? null
  const { status, body } = unwrap(last)
  if (status !== 200) return undefined
  return body === '' ? null : JSON.parse(body)
}

/** A streamed response is a 201: spaces, and then the response as JSON. */
export function unwrap(response: Response): Response {
  if (response.status !== 201) return response
  const { status, headers, body } = JSON.parse(response.body) as {
    status: number
    /** The Go SDK has null. */
    headers: Record<string, string> | null
    body: unknown
  }
  const lower = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status, headers: Object.fromEntries(lower) as Record<string, string>, body: text }
}

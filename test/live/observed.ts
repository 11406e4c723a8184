/** What a run has seen: the log of the gateway, what arrived at the app, and what became of each run. */
import type { IncomingMessage } from 'node:http'

/** A line of the gateway's log about a request. */
export type LogLine = Readonly<Record<string, unknown>>

/** A request as it arrived at the app. */
export interface Arrival {
  readonly method: string
  readonly path: string
  readonly requestId: string
  /** Undefined for a request of a user. */
  readonly signature: string | undefined
  /** What tells re-entries with equal bodies apart: run, request, job and step. Empty for all others. */
  readonly ids: string
}

/** A run that the workload started. */
export interface Outcome {
  readonly kind: string
  readonly id: string
  /** Whether the app saw its last line run, or its failure handler. */
  readonly hasEnded: boolean
  /** As the server lists them; undefined where it was not consulted. */
  readonly statuses: readonly string[] | undefined
  readonly fails: boolean
  /** What is known of one that has not ended. */
  readonly detail?: string
}

export interface Observed {
  readonly lines: readonly LogLine[]
  readonly arrivals: readonly Arrival[]
  readonly outcomes: readonly Outcome[]
  /** Route and kind of request, as `trafficOf` names them. */
  readonly wantedTraffic: readonly string[]
}

const NAMES = ['x-run-id', 'x-request-id', 'x-inngest-job-id', 'x-inngest-step-id'] as const

export function arrivalOf({ method = '', url = '/', headers }: IncomingMessage): Arrival {
  const valueOf = (name: string) => String(headers[name] ?? '')
  const [path = '', query = ''] = url.split('?', 2)
  const isReentry = 'x-run-id' in headers && !new URLSearchParams(query).has('fnId')
  const signature = headers['x-inngest-signature']
  return {
    method,
    path,
    requestId: valueOf('x-request-id'),
    signature: signature === undefined ? undefined : String(signature),
    ids: isReentry ? NAMES.map(valueOf).join(' ') : '',
  }
}

/** Which kind of request a line is about, with the route. */
export function trafficOf(line: LogLine): string {
  const { durable, method, fn_id } = line
  return `${shown(line, 'route') || 'no route'} ${kindOf(durable, method, fn_id)}`
}

/** @returns an empty text for a field that the line does not have. */
export function shown(line: LogLine, field: string): string {
  const value = line[field]
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function kindOf(durable: unknown, method: unknown, fnId: unknown): string {
  if (durable === 'user') return 'user'
  if (durable === 'reentry') return 're-entry'
  if (method === 'PUT') return 'sync'
  if (method === 'GET') return 'introspection'
  return fnId === undefined ? 'other' : 'call'
}

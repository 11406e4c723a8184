/**
 * A re-entry as Inngest's server sends it: `pkg/execution/driver/httpv2/httpv2.go` (`sync`) and `util.go`
 * (`Sign`) of inngest/inngest, and observed requests of its version 1.43.
 */
import { signatureHeader } from '../sender.ts'
import type { Due, Run } from './run.ts'

export interface ReEntry {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Dispatch {
  readonly key: string
  /** The number of a server's dispatch. Each has its own request id and job id. */
  readonly dispatch: number
  readonly atSeconds: number
}

/** The only event whose body, content type and query the server reads (`loadHTTPRequestEvent`). */
const HTTP_REQUEST = 'inngest/http.request'

export function reEntryOf(run: Run, due: Due, { key, dispatch, atSeconds }: Dispatch): ReEntry {
  const { method, domain, path, ...sent } = run.event.data
  const isRead = run.event.name === HTTP_REQUEST
  const body = isRead ? sent.body : ''
  const query = isRead && sent.query_params !== '' ? `?${sent.query_params}` : ''
  const stepId = due === 'discovery' ? undefined : due.stepId
  return {
    method,
    target: `${path}${query}`,
    headers: {
      host: new URL(domain).host,
      'user-agent': 'Inngest',
      'accept-encoding': 'gzip',
      connection: 'close',
      'content-type': isRead && sent.content_type !== '' ? sent.content_type : 'application/json',
      'x-inngest-signature': signatureHeader(key, body, atSeconds),
      'x-run-id': run.id,
      'x-request-id': `01M8${String(dispatch).padStart(22, '0')}`,
      'x-inngest-job-id': `${run.id}-${stepId ?? 'discovery'}-${String(dispatch)}`,
      'x-inngest-generation-id': '1',
      'x-inngest-req-version': '2',
      ...(run.forceStepPlan && { 'x-inngest-force-step-plan': 'true' }),
      ...(stepId !== undefined && { 'x-inngest-step-id': stepId }),
    },
    body,
  }
}

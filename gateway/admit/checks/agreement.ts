/**
 * Compares unsigned ids with signed ones. Inngest repeats ids of the signed body in headers, which a signature
 * does not cover, so an id that differs was changed after Inngest sent it. (All ids were equal in 7,258 of
 * 7,258 calls of a real server, 1.43.) A missing header is no contradiction: older servers send fewer.
 */
import type { SignedCall } from '../../inngest/signed-call.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'
import { memoizedName } from '../memoized.ts'

/** The compared headers. The last one of each name counts, because `framing` refuses a second. */
export interface CallHeaders {
  runId: string | undefined
  jobId: string | undefined
  generationId: string | undefined
  version: string | undefined
  stepId: string | undefined
  requestId: string | undefined
}

const NAMES = new Map<string, keyof CallHeaders>([
  ['x-run-id', 'runId'],
  ['x-inngest-job-id', 'jobId'],
  ['x-inngest-generation-id', 'generationId'],
  ['x-inngest-req-version', 'version'],
  ['x-inngest-step-id', 'stepId'],
  ['x-request-id', 'requestId'],
])

const memberOf = memoizedName((name): keyof CallHeaders | '' => NAMES.get(name.toLowerCase()) ?? '')

/** One pass over the headers, because this runs for every call. */
export function callHeaders(rawHeaders: readonly string[]): CallHeaders {
  const found: CallHeaders = {
    runId: undefined,
    jobId: undefined,
    generationId: undefined,
    version: undefined,
    stepId: undefined,
    requestId: undefined,
  }
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const member = memberOf(rawHeaders[i] ?? '')
    if (member !== '') found[member] = rawHeaders[i + 1]
  }
  return found
}

/** @param call undefined if the signed body is not that of a function call. */
export function checkRunId(
  call: SignedCall | undefined,
  { runId }: CallHeaders,
): Verdict<undefined> {
  if (call?.runId === undefined || call.runId === '') return refuse('run_id_missing')
  return runId === undefined || runId === call.runId ? pass(undefined) : refuse('run_id_mismatch')
}

/**
 * Compares the ids other than the run id. `ctx.step_id` is the same for all steps of a function, so the step is
 * only compared between the query and its header.
 */
export function checkCallIds(
  call: SignedCall,
  headers: CallHeaders,
  stepId: string | null,
): Verdict<undefined> {
  if (stepId !== null && headers.stepId !== undefined && stepId !== headers.stepId) {
    return refuse('call_ids_mismatch')
  }
  let isUnsigned = false
  for (const id of REPEATED) {
    const [header, member] = [headers[id], call[id]]
    if (header === undefined) continue
    if (member === undefined) isUnsigned = true
    else if (header !== member) return refuse('call_ids_mismatch')
  }
  return isUnsigned ? refuse('call_ids_unsigned') : pass(undefined)
}

/** Ids, other than the run id, that Inngest repeats in one header each. */
const REPEATED = ['jobId', 'generationId', 'version'] as const

/**
 * A run of a durable endpoint, as Inngest's server keeps it, and what each operation that the SDK reports does
 * to it. Modelled after the open-source server (inngest/inngest): `pkg/execution/checkpoint/checkpoint.go` for
 * what a user's request reports, `pkg/execution/executor/executor.go` for what a re-entry reports. Left out:
 * time (a sleep ends at once), retries, and every operation that no test uses.
 */

/** What the app reports of the user's request (`CheckpointNewRunRequest` in `pkg/api/apiv1`). */
export interface HttpEvent {
  readonly name: string
  readonly data: {
    readonly method: string
    /** Scheme and authority, of the `Host` that the app saw. */
    readonly domain: string
    readonly path: string
    readonly query_params: string
    readonly content_type: string
    readonly body: string
  }
}

/** `GeneratorOpcode` in `pkg/execution/state`. */
export interface Operation {
  readonly id: string
  readonly op: string
  readonly data?: unknown
}

/** `APIResult` in `pkg/execution/apiresult`. */
export interface RunOutput {
  readonly status: number
  readonly body: string
}

export interface Run {
  readonly id: string
  readonly event: HttpEvent
  /** Results by hashed step id, as `GET /v0/runs/ID/actions` gives them to the SDK. */
  readonly steps: Record<string, unknown>
  /** Steps that were enqueued, each once: the job's id holds the step's (`handleGeneratorStepPlanned`). */
  readonly enqueued: Set<string>
  /** Steps that were enqueued and have no result. */
  readonly pending: Set<string>
  /** Whether the SDK must report steps before it runs them: more than one was reported at once. */
  forceStepPlan: boolean
  output: RunOutput | undefined
}

export function newRun(id: string, event: HttpEvent): Run {
  return {
    id,
    event,
    steps: {},
    enqueued: new Set(),
    pending: new Set(),
    forceStepPlan: false,
    output: undefined,
  }
}

/** A request to the endpoint that is due: for one step, or to find out what comes next. */
export type Due = { readonly stepId: string } | 'discovery'

/** @param during what the app was busy with when it reported them. */
export function report(
  run: Run,
  operations: readonly Operation[],
  during: 'user request' | 're-entry',
): readonly Due[] {
  if (operations.length > 1) run.forceStepPlan = true
  return operations.flatMap((operation) => {
    switch (operation.op) {
      case 'StepPlanned':
        return planned(run, operation.id)
      case 'StepRun':
        return ran(run, operation, during)
      case 'Sleep':
        run.steps[operation.id] = null
        return ['discovery']
      case 'RunComplete':
        run.output = operation.data as RunOutput
        return []
      default:
        throw new Error(`the model of Inngest's server does not know ${operation.op}`)
    }
  })
}

function planned(run: Run, stepId: string): readonly Due[] {
  if (run.enqueued.has(stepId)) return []
  run.enqueued.add(stepId)
  run.pending.add(stepId)
  return [{ stepId }]
}

function ran(
  run: Run,
  { id, data }: Operation,
  during: 'user request' | 're-entry',
): readonly Due[] {
  run.steps[id] = { type: 'data', data: data ?? null }
  run.pending.delete(id)
  // The user's request goes on by itself, and of parallel steps the last one asks what comes next.
  if (during === 'user request' || run.pending.size > 0) return []
  run.forceStepPlan = false
  return ['discovery']
}

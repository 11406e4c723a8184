/**
 * A run of a durable endpoint, as Inngest's server keeps it, and the effect of each operation that the SDK
 * reports. Modelled after the open-source server (inngest/inngest): `pkg/execution/checkpoint/checkpoint.go`
 * for the reports of a user's request, `pkg/execution/executor/executor.go` for those of a re-entry. Omitted:
 * time (a sleep ends at once), retries, and every operation that no test uses.
 */

/** The app's report of the user's request (`CheckpointNewRunRequest` in `pkg/api/apiv1`). */
export interface HttpEvent {
  readonly name: string
  readonly data: {
    readonly method: string
    /** Scheme and authority, from the `Host` that the app received. */
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
  /** Results by hashed step id, as the SDK gets them from `GET /v0/runs/ID/actions`. */
  readonly steps: Record<string, unknown>
  /**
   * Steps that were enqueued, each once: the id of the job contains that of the step
   * (`handleGeneratorStepPlanned`).
   */
  readonly enqueued: Set<string>
  /** Steps that were enqueued and have no result. */
  readonly pending: Set<string>
  /** Whether the SDK must report steps before it runs them: several were reported at once. */
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

/** A request to the endpoint that is due: for one step, or to discover the next ones. */
export type Due = { readonly stepId: string } | 'discovery'

/** @param during what the app was processing when it reported them. */
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
  // The user's request continues by itself, and after parallel steps the last one discovers the next ones.
  if (during === 'user request' || run.pending.size > 0) return []
  run.forceStepPlan = false
  return ['discovery']
}

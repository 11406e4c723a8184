/** What all requests share. */
import type { DiagnosisBudget } from '../diagnosis/budget.ts'
import type { FunctionPairs } from '../admit/context.ts'
import type { Clock } from '../record/clock.ts'
import type { Recorder } from '../record/recorder.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { CanonicalPool } from '../threads/canonical-pool.ts'
import type { BodyPaces } from './body-pace.ts'
import type { Capacity } from './capacity.ts'
import type { Connections } from '../accept/connections.ts'
import type { Exchanges } from './exchanges.ts'
import type { LiveSnapshot } from './active-config.ts'

export interface TrafficParts {
  readonly live: LiveSnapshot
  readonly replay: ReplayStore
  readonly pairs: FunctionPairs
  readonly canonicals: CanonicalPool
  readonly capacity: Capacity
  readonly connections: Connections
  /** Its listener is for questions (ext-auth/server.ts). */
  readonly isExternalAuth?: true
  readonly exchanges: Exchanges
  readonly paces: BodyPaces
  readonly diagnosisBudget: DiagnosisBudget
  readonly recorder: Recorder
  readonly clock: Clock
}

/** What all exchanges share. */
import type { OpenList } from '../accept/open-list.ts'
import type { DiagnosisBudget } from '../diagnosis/budget.ts'
import type { FunctionPairs } from '../admit/context.ts'
import type { Clock } from '../record/clock.ts'
import type { Recorder } from '../record/recorder.ts'
import type { Recordings } from '../recording/recording.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { CanonicalPool } from '../threads/canonical-pool.ts'
import type { LiveConfig } from './active-config.ts'
import type { AppGates } from './app-gates.ts'
import type { BodyPaces } from './body-pace.ts'
import type { Capacity } from './capacity.ts'
import type { Exchange } from './exchange.ts'
import type { UnlistedCalls } from './unlisted-calls.ts'

export interface ExchangeDeps {
  readonly live: LiveConfig
  readonly replay: ReplayStore
  readonly pairs: FunctionPairs
  readonly canonicals: CanonicalPool
  readonly capacity: Capacity
  readonly gates: AppGates
  /** The exchanges in progress. */
  readonly open: OpenList<Exchange>
  readonly paces: BodyPaces
  readonly diagnosisBudget: DiagnosisBudget
  readonly unlistedCalls: UnlistedCalls
  readonly recordings: Recordings
  readonly recorder: Recorder
  readonly clock: Clock
  /** The listener is for external authorization (ext-auth/listener.ts). */
  readonly isExternalAuth?: true
}
